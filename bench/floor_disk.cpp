#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include "bench/clock.hpp"
#include "bench/histogram.hpp"

// What the disk costs by itself: one record after the other made durable at a fixed rate, by a plain file and
// by SQLite.
namespace {

using namespace roomcast::bench;
using nlohmann::json;

struct Arguments {
    std::filesystem::path dir = ".";
    double rate_per_s = 100;
    double seconds = 3;
    std::size_t record_bytes = 256;
};

Histogram paced(const Arguments& arguments, const std::function<void(const std::string&)>& store) {
    Histogram latency;
    const std::string record(arguments.record_bytes, 'x');
    const std::int64_t first_ns = now_ns() + 10 * ns_per_ms;
    const auto records = static_cast<std::uint64_t>(arguments.rate_per_s * arguments.seconds);
    for (std::uint64_t i = 0; i < records; ++i) {
        const auto intended_ns =
            first_ns + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / arguments.rate_per_s);
        std::this_thread::sleep_until(time_point_of(intended_ns));
        store(record);
        latency.add(now_ns() - intended_ns);
    }
    return latency;
}

Histogram file_floor(const Arguments& arguments) {
    const auto path = arguments.dir / "floor.log";
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) throw std::runtime_error("cannot write " + path.string());
    Histogram latency = paced(arguments, [fd](const std::string& record) {
        if (::write(fd, record.data(), record.size()) < 0 || ::fdatasync(fd) != 0)
            throw std::runtime_error("write");
    });
    ::close(fd);
    std::filesystem::remove(path);
    return latency;
}

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct EndStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

void remove_database(const std::filesystem::path& path) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + suffix);
}

/// One transaction a record, in WAL mode with full sync.
Histogram sqlite_floor(const Arguments& arguments) {
    const auto path = arguments.dir / "floor.db";
    remove_database(path);
    Histogram latency;
    {
        sqlite3* opened = nullptr;
        const int code = sqlite3_open(path.c_str(), &opened);
        const std::unique_ptr<sqlite3, CloseDatabase> database(opened);
        const auto check = [&database](int result) {
            if (result != SQLITE_OK && result != SQLITE_DONE)
                throw std::runtime_error(sqlite3_errmsg(database.get()));
        };
        check(code);
        check(sqlite3_exec(database.get(),
                           "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                           "CREATE TABLE messages (seq INTEGER PRIMARY KEY, value TEXT NOT NULL) STRICT",
                           nullptr, nullptr, nullptr));
        sqlite3_stmt* prepared = nullptr;
        check(sqlite3_prepare_v2(database.get(), "INSERT INTO messages (value) VALUES (?)", -1, &prepared,
                                 nullptr));
        const std::unique_ptr<sqlite3_stmt, EndStatement> insert(prepared);
        latency = paced(arguments, [&](const std::string& record) {
            check(sqlite3_bind_text(insert.get(), 1, record.data(), static_cast<int>(record.size()),
                                    SQLITE_STATIC));
            check(sqlite3_step(insert.get()));
            check(sqlite3_reset(insert.get()));
        });
    }
    remove_database(path);
    return latency;
}

int run(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{
        "Measures how long a disk takes to keep a record, as the floor of local mode. JSON on stdout.",
        "floor-disk"};
    app.add_option("--dir", arguments.dir, "on the disk that is meant")->capture_default_str();
    app.add_option("--rate", arguments.rate_per_s, "records a second")->capture_default_str();
    app.add_option("--seconds", arguments.seconds, "of each kind")->capture_default_str();
    app.add_option("--record-bytes", arguments.record_bytes, "of each record")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    const Histogram file = file_floor(arguments);
    const Histogram sqlite = sqlite_floor(arguments);
    std::printf("%s\n", json{{"fdatasync", file}, {"sqlite", sqlite}}.dump().c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "floor-disk: %s\n", failure.what());
        return 1;
    }
}
