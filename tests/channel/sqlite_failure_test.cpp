#include <atomic>
#include <csignal>
#include <map>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "tests/channel/sqlite_fixture.hpp"
#include "tests/support/pump.hpp"

// The SQLite channel with its process killed, and with its disk failing.
namespace roomcast::channel::sqlite {
namespace {

using namespace contract;
using test::pump_until;

struct Acked {
    AppendTicket ticket;
    Seq seq;
};

/// Writes each ack to a pipe, as the last thing that is known of it when the process is killed.
class AckPipe final : public AppendListener {
public:
    explicit AckPipe(int fd) : fd_(fd) {}
    void on_appended(AppendTicket ticket, Seq seq) override {
        const Acked acked{ticket, seq};
        if (::write(fd_, &acked, sizeof acked) != sizeof acked) ::_exit(1);
    }
    void on_append_failed(AppendTicket, Error) override { ::_exit(2); }

private:
    int fd_;
};

/// Appends without end, its text the ticket. Run in a process that is killed.
[[noreturn]] void append_until_killed(const std::filesystem::path& data_dir, const LogId& log, int fd) {
    constexpr std::size_t under_way = 300;
    boost::asio::io_context io;
    AckPipe pipe(fd);
    const auto channel = SqliteChannel::open_read_write(io, {.data_dir = data_dir});
    channel->report_to(pipe);
    const auto writer = channel->open(log);
    for (AppendTicket ticket = 0;;) {
        while (channel->in_flight() < under_way) {
            if (!writer->append(make_record(log, std::to_string(ticket)), ticket).ok()) ::_exit(3);
            ++ticket;
        }
        io.restart();
        if (io.poll() == 0) (void)pump_until(io, [&] { return channel->in_flight() < under_way; });
    }
}

/// Writes to files above a size fail while this exists.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    void (*old_handler_)(int);
    rlimit old_{};
};

/// Makes the disk fail under SQLite while it exists: fsync, or every write as when the disk is full.
/// Databases opened while it exists go through it. One at a time.
class FailingDisk {
public:
    static inline std::atomic<bool> fail_sync = false;
    static inline std::atomic<bool> fail_write = false;

    FailingDisk() {
        the_real = sqlite3_vfs_find(nullptr);
        wrapped = *the_real;
        wrapped.zName = "failing-disk";
        wrapped.xOpen = open;
        sqlite3_vfs_register(&wrapped, 1);
    }
    ~FailingDisk() {
        fail_sync = false;
        fail_write = false;
        sqlite3_vfs_unregister(&wrapped);
        sqlite3_vfs_register(the_real, 1);
    }
    FailingDisk(const FailingDisk&) = delete;
    FailingDisk& operator=(const FailingDisk&) = delete;

private:
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
        const int opened = the_real->xOpen(the_real, name, file, flags, out_flags);
        if (file->pMethods != nullptr) {
            // SQLite has one set of methods for each kind of file; ours begin with a copy of it.
            Methods& methods = methods_by_kind[file->pMethods];
            methods.real = file->pMethods;
            methods.ours = *file->pMethods;
            methods.ours.xSync = [](sqlite3_file* self, int how) {
                return fail_sync ? SQLITE_IOERR_FSYNC : real_of(self)->xSync(self, how);
            };
            methods.ours.xWrite = [](sqlite3_file* self, const void* data, int size, sqlite3_int64 offset) {
                return fail_write ? SQLITE_FULL : real_of(self)->xWrite(self, data, size, offset);
            };
            file->pMethods = &methods.ours;
        }
        return opened;
    }

    struct Methods {
        sqlite3_io_methods ours;
        const sqlite3_io_methods* real;
    };
    static const sqlite3_io_methods* real_of(sqlite3_file* file) {
        return reinterpret_cast<const Methods*>(file->pMethods)->real;
    }

    static inline sqlite3_vfs* the_real = nullptr;
    static inline sqlite3_vfs wrapped{};
    static inline std::map<const sqlite3_io_methods*, Methods> methods_by_kind;
};

Errc failure_of_append(ChannelFixture& channel, const LogId& log) {
    const auto writer = channel.appender().open(log);
    const AppendTicket ticket = channel.next_ticket();
    REQUIRE(writer->append(make_record(log, "to a failing disk"), ticket).ok());
    REQUIRE(pump_until(channel.io(), [&] { return channel.listener().find(ticket) != nullptr; }));
    const auto& result = channel.listener().find(ticket)->result;
    REQUIRE_FALSE(result.ok());
    return result.error().code;
}

}  // namespace

TEST_CASE("sqlite: every acked record is there after kill -9, with its seq, and seqs rise on") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    channel.close();
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        append_until_killed(channel.data_dir(), log, ends[1]);
    }
    ::close(ends[1]);
    std::map<AppendTicket, Seq> acked;
    Acked one{};
    bool killed = false;
    while (::read(ends[0], &one, sizeof one) == sizeof one) {
        acked.emplace(one.ticket, one.seq);
        if (acked.size() < 3'000 || killed) continue;
        ::kill(child, SIGKILL);
        killed = true;
    }
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(acked.size() >= 3'000);

    channel.open();
    const auto around = bounds(channel, log);
    REQUIRE(around.ok());
    const auto kept = read(channel, log, {around->first, around->next, 1'000'000, std::size_t{1} << 30});
    REQUIRE(kept.ok());
    std::map<Seq, std::string> values;
    for (const StoredRecord& record : kept->records) values.emplace(record.seq, record.record.value);
    for (const auto& [ticket, seq] : acked) {
        REQUIRE(values[seq] == make_record(log, std::to_string(ticket)).value);
    }
    CHECK(append_texts(channel, log, 1).front() > values.rbegin()->first);
}

TEST_CASE("sqlite: a disk that takes no more refuses appends as unavailable, keeps none, and recovers") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    const auto kept = append_texts(channel, log, 3);
    {
        const FileSizeLimit limit(std::filesystem::file_size(channel.data_dir() / "roomcast.db-wal"));
        for (int i = 0; i < 3; ++i) CHECK(name_of(failure_of_append(channel, log)) == "unavailable");
        CHECK(bounds(channel, log)->next == kept.back().next());  // reading goes on
    }
    const auto later = append_texts(channel, log, 3);
    CHECK(later.front() == kept.back().next());
    channel.reopen();
    CHECK(bounds(channel, log)->next == later.back().next());
}

TEST_CASE("sqlite: an append is unavailable when the disk is full, and unknown when its fsync fails") {
    const FailingDisk disk;
    SqliteFixture channel;
    const LogId log = create_log(channel);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    append_texts(channel, log, 1);
    FailingDisk::fail_write = true;
    CHECK(name_of(failure_of_append(channel, log)) == "unavailable");
    FailingDisk::fail_write = false;
    append_texts(channel, log, 1);
    FailingDisk::fail_sync = true;
    CHECK(name_of(failure_of_append(channel, log)) == "unknown_outcome");
    FailingDisk::fail_sync = false;
    append_texts(channel, log, 1);
    wait_for_records(channel, sink, 3);
    for (const StoredRecord& record : sink.records)
        CHECK(record.record.value == make_record(log, "text 0").value);
    channel.close();
}

}  // namespace roomcast::channel::sqlite
