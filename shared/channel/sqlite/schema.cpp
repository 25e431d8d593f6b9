#include "shared/channel/sqlite/schema.hpp"

#include <stdexcept>
#include <string>

namespace roomcast::channel::sqlite {
namespace {

// logs: a log_id is never given twice, so rows of a removed log cannot turn up in another.
// messages: max_time is the latest time of this row and all before it; see README.md.
// removed_logs: whose messages are still to be deleted.
// table_records: one record for each key, the last; a null value is a deleted key. Slots from 0 are of the
// rooms' directory, from 64 of the accounts, from 128 of the tokens.
constexpr const char* tables = R"(
    CREATE TABLE logs (
        log_id INTEGER PRIMARY KEY AUTOINCREMENT,
        room TEXT NOT NULL,
        epoch TEXT NOT NULL,
        first_seq INTEGER NOT NULL DEFAULT 0,
        next_seq INTEGER NOT NULL DEFAULT 0,
        retention_ms INTEGER,
        UNIQUE (room, epoch)
    ) STRICT;
    CREATE TABLE messages (
        log_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        max_time INTEGER NOT NULL,
        id TEXT NOT NULL,
        user TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (log_id, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE removed_logs (log_id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE table_records (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        slot INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT
    ) STRICT;
    CREATE UNIQUE INDEX table_records_by_key ON table_records (slot, key);
    CREATE INDEX table_records_by_slot ON table_records (slot);
)";

int version_of(Database& database) {
    const auto version = static_cast<int>(database.integer("PRAGMA user_version"));
    if (version > schema_version) {
        throw std::runtime_error("the database was written by a newer Roomcast (its version is " +
                                 std::to_string(version) + ", this program knows " +
                                 std::to_string(schema_version) + "); run the newer program");
    }
    return version;
}

}  // namespace

void prepare_schema(Database& database) {
    Transaction transaction(database, Transaction::Kind::write);
    if (version_of(database) == 0) {
        if (database.integer("SELECT count(*) FROM sqlite_schema") != 0) {
            throw std::runtime_error("the database file is not one of Roomcast's");
        }
        database.execute(tables);
        database.execute(("PRAGMA user_version=" + std::to_string(schema_version)).c_str());
    }
    transaction.commit();
}

void check_schema(Database& database) {
    if (version_of(database) == 0) throw std::runtime_error("the database file is not one of Roomcast's");
}

}  // namespace roomcast::channel::sqlite
