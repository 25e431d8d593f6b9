#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/sqlite/database.hpp"

namespace roomcast::channel::sqlite {

struct StoredTableRecord {
    Seq seq;
    std::string key;
    std::optional<std::string> value;
};

struct TablePage {
    std::vector<StoredTableRecord> records;
    Seq next;
    bool at_end = false;
};

struct TailPage {
    ReadResult read;
    bool at_end = false;
};

/// Logs, messages and the table as SQL. Owned by the worker and used on its thread only; knows no callbacks.
///
/// Writing happens inside the caller's transaction: `flush` goes before its commit, and `forget` after it was
/// rolled back. Answers that callers foresee come as Result; SQLite's failures are thrown as SqlError.
class Store {
public:
    Store(Database& database, std::optional<std::int64_t> default_retention_ms);

    void create(const LogId& log, const LogOptions& options);
    [[nodiscard]] Result<void> configure(const LogId& log, const LogOptions& options);
    void remove(const LogId& log);
    [[nodiscard]] Result<Seq> append(const LogId& log, const Record& record);
    [[nodiscard]] Seq append_to_table(Slot slot, std::string_view key,
                                      const std::optional<std::string>& value);
    void drop_tombstones();
    /// Writes the counters that changed.
    void flush();
    /// Drops what is held in memory; the database is right.
    void forget();

    [[nodiscard]] Result<Bounds> bounds(const LogId& log);
    [[nodiscard]] Result<ReadResult> read(const LogId& log, const ReadRange& range);
    [[nodiscard]] Result<Seq> seek(const LogId& log, TimeMs time);
    [[nodiscard]] Result<TailPage> read_tail(const LogId& log, Seq from, int max_records,
                                             std::size_t max_bytes);
    [[nodiscard]] TablePage read_table(Slot slot, Seq from, int max_records, std::size_t max_bytes);

    /// One small step of deleting what retention and removal left; true where another step is due at once.
    [[nodiscard]] bool sweep(TimeMs now);

private:
    struct LogRow {
        std::int64_t log_id = 0;
        Seq first;
        Seq next;
        TimeMs max_time = 0;  // of the newest message; counts only where there is one
        std::optional<std::int64_t> retention_ms;
        bool changed = false;
    };

    LogRow* find(const LogId& log);
    [[nodiscard]] Result<LogRow*> need(const LogId& log);
    [[nodiscard]] ReadResult read_rows(const LogRow& row, const ReadRange& range);
    [[nodiscard]] Seq seek_in(const LogRow& row, TimeMs time);
    [[nodiscard]] bool sweep_removed_logs();
    [[nodiscard]] bool sweep_by_age(TimeMs now);
    void sweep_tombstones(TimeMs now);

    std::optional<std::int64_t> default_retention_ms_;
    std::unordered_map<LogId, LogRow> rows_;
    std::vector<LogRow*> changed_;
    std::int64_t swept_log_id_ = 0;  // where the sweep is
    // Tombstones up to here go at that time: everybody who reads on has seen them by then.
    Seq old_tombstones_;
    TimeMs next_tombstone_sweep_ = 0;

    Statement select_log_;
    Statement select_max_time_;
    Statement insert_log_;
    Statement delete_log_;
    Statement update_log_;
    Statement update_retention_;
    Statement insert_message_;
    Statement select_messages_;
    Statement select_times_;
    Statement select_seq_by_time_;
    Statement delete_messages_;
    Statement select_aged_log_;
    Statement insert_removed_log_;
    Statement select_removed_log_;
    Statement select_sweep_end_;
    Statement delete_removed_log_;
    Statement delete_table_key_;
    Statement insert_table_record_;
    Statement select_table_records_;
    Statement delete_tombstones_;
    Statement select_last_table_seq_;
};

}  // namespace roomcast::channel::sqlite
