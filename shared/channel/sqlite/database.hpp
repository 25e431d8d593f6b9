#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sqlite3.h>

/// Holders for SQLite's handles. None of them is shared between threads; each throws SqlError where SQLite
/// fails.
namespace roomcast::channel::sqlite {

class SqlError : public std::runtime_error {
public:
    SqlError(int extended_code, const std::string& what) : std::runtime_error(what), code_(extended_code) {}
    [[nodiscard]] int extended_code() const { return code_; }

private:
    int code_;
};

class Database {
public:
    enum class Mode { read_write, read_only };

    Database(const std::filesystem::path& file, Mode mode);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void execute(const char* sql);
    [[nodiscard]] std::int64_t integer(const char* sql);  // the one value that `sql` answers
    [[nodiscard]] bool in_transaction() const;
    /// Moves the write-ahead log into the database file when it has grown, as far as readers allow.
    void checkpoint_when_due();

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
    int wal_pages_ = 0;
};

/// A prepared statement, made once and run many times.
class Statement {
public:
    /// One run; its end sets the statement back. Bound and read texts are views that live as long as the run.
    class Run {
    public:
        explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
        ~Run();
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

        [[nodiscard]] bool next_row();
        [[nodiscard]] std::int64_t integer(int column) const;
        [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
        [[nodiscard]] std::string_view text(int column) const;
        [[nodiscard]] std::optional<std::string_view> optional_text(int column) const;

    private:
        sqlite3_stmt* statement_;
    };

    Statement(Database& database, std::string_view sql);

    template <class... Values>
    [[nodiscard]] Run run(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
        return Run(handle_.get());
    }
    template <class... Values>
    void execute(const Values&... values) {
        auto running = run(values...);
        while (running.next_row()) {
        }
    }

private:
    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view text);
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value) {
            bind(index, *value);
        } else {
            bind_null(index);
        }
    }
    void bind_null(int index);
    void check(int code) const;

    struct Finalize {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// A transaction that is rolled back unless it was committed.
class Transaction {
public:
    enum class Kind { read, write };

    Transaction(Database& database, Kind kind);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

private:
    Database& database_;
};

}  // namespace roomcast::channel::sqlite
