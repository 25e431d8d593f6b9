#include "shared/channel/sqlite/database.hpp"

namespace roomcast::channel::sqlite {
namespace {

constexpr int busy_timeout_ms = 5'000;   // somebody's sqlite3 shell holds the write lock
constexpr int checkpoint_pages = 4'000;  // 16 MiB of write-ahead log
constexpr const char* wal_size_limit =
    "PRAGMA journal_size_limit=67108864";  // after a rush the file is cut to 64 MiB

SqlError error_of(sqlite3* handle, const std::string& what) {
    return {sqlite3_extended_errcode(handle), what + ": " + sqlite3_errmsg(handle)};
}

}  // namespace

Database::Database(const std::filesystem::path& file, Mode mode) {
    const bool writes = mode == Mode::read_write;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    sqlite3* handle = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);  // SQLite gives a handle with a failure too
    if (opened != SQLITE_OK)
        throw SqlError(opened, "cannot open " + file.string() + ": " + sqlite3_errstr(opened));
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    execute("PRAGMA cache_size=-16384");
    if (!writes) return;
    {
        Statement set_mode(*this, "PRAGMA journal_mode=WAL");
        auto now_set = set_mode.run();
        if (!now_set.next_row() || now_set.text(0) != "wal") {
            throw SqlError(SQLITE_CANTOPEN, "no write-ahead log can be kept at " + file.string());
        }
    }
    execute("PRAGMA synchronous=FULL");
    execute(wal_size_limit);
    // In place of SQLite's own hook, which would checkpoint inside a COMMIT that somebody waits for.
    sqlite3_wal_hook(
        handle,
        [](void* pages, sqlite3*, const char*, int count) {
            *static_cast<int*>(pages) = count;
            return SQLITE_OK;
        },
        &wal_pages_);
}

void Database::execute(const char* sql) {
    if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw error_of(handle(), sql);
}

std::int64_t Database::integer(const char* sql) {
    Statement statement(*this, sql);
    auto row = statement.run();
    return row.next_row() ? row.integer(0) : 0;
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

void Database::checkpoint_when_due() {
    if (wal_pages_ < checkpoint_pages) return;
    wal_pages_ = 0;
    // A failure loses nothing: the pages stay in the write-ahead log, and the next commit asks again.
    sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

Statement::Statement(Database& database, std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK) {
        throw error_of(database.handle(), std::string(sql));
    }
    handle_.reset(handle);
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) throw error_of(sqlite3_db_handle(handle_.get()), sqlite3_sql(handle_.get()));
}

void Statement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(handle_.get(), index, value));
}

void Statement::bind(int index, std::string_view text) {
    // A null pointer would bind NULL, not the empty text.
    const char* data = text.data() != nullptr ? text.data() : "";
    check(sqlite3_bind_text64(handle_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_null(int index) { check(sqlite3_bind_null(handle_.get(), index)); }

Statement::Run::~Run() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool Statement::Run::next_row() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw error_of(sqlite3_db_handle(statement_), sqlite3_sql(statement_));
}

std::int64_t Statement::Run::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<std::int64_t> Statement::Run::optional_integer(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
    return integer(column);
}

std::string_view Statement::Run::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return data == nullptr
               ? std::string_view()
               : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::optional<std::string_view> Statement::Run::optional_text(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
    return text(column);
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
    database_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

Transaction::~Transaction() {
    // Some failures have ended the transaction already. One that cannot be rolled back is ended with the
    // connection.
    if (database_.in_transaction()) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() { database_.execute("COMMIT"); }

}  // namespace roomcast::channel::sqlite
