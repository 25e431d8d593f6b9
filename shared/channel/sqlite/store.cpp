#include "shared/channel/sqlite/store.hpp"

#include <algorithm>
#include <limits>

namespace roomcast::channel::sqlite {
namespace {

constexpr std::size_t remembered_logs = 16'384;   // rows kept in memory, then all are dropped and read again
constexpr std::int64_t sweep_rows = 1'000;        // deleted in one transaction
constexpr int sweep_logs = 64;                    // looked at in one transaction
constexpr TimeMs tombstones_kept_ms = 3'600'000;  // at least so long, at most twice
constexpr std::int64_t last_seq = std::numeric_limits<std::int64_t>::max();

}  // namespace

Store::Store(Database& database, std::optional<std::int64_t> default_retention_ms)
    : default_retention_ms_(default_retention_ms),
      select_log_(
          database,
          "SELECT log_id, first_seq, next_seq, retention_ms FROM logs WHERE room = ?1 AND epoch = ?2"),
      select_max_time_(database, "SELECT max_time FROM messages WHERE log_id = ?1 ORDER BY seq DESC LIMIT 1"),
      insert_log_(database,
                  "INSERT INTO logs (room, epoch, retention_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"),
      delete_log_(database, "DELETE FROM logs WHERE log_id = ?1"),
      update_log_(database, "UPDATE logs SET first_seq = ?2, next_seq = ?3 WHERE log_id = ?1"),
      update_retention_(database, "UPDATE logs SET retention_ms = ?2 WHERE log_id = ?1"),
      insert_message_(database,
                      "INSERT INTO messages (log_id, seq, time, max_time, id, user, value) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
      select_messages_(database,
                       "SELECT seq, time, id, user, value FROM messages "
                       "WHERE log_id = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT ?4"),
      select_times_(
          database,
          "SELECT seq, time, max_time FROM messages WHERE log_id = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1"),
      select_seq_by_time_(
          database,
          "SELECT seq FROM messages WHERE log_id = ?1 AND seq >= ?2 AND time >= ?3 ORDER BY seq LIMIT 1"),
      delete_messages_(database, "DELETE FROM messages WHERE log_id = ?1 AND seq < ?2"),
      select_aged_log_(database,
                       "SELECT log_id, room, epoch FROM logs WHERE log_id > ?1 AND next_seq > first_seq "
                       "AND (retention_ms IS NOT NULL OR ?2) ORDER BY log_id LIMIT 1"),
      insert_removed_log_(database, "INSERT INTO removed_logs (log_id) VALUES (?1)"),
      select_removed_log_(database, "SELECT log_id FROM removed_logs LIMIT 1"),
      select_sweep_end_(database,
                        "SELECT seq FROM messages WHERE log_id = ?1 ORDER BY seq LIMIT 1 OFFSET ?2"),
      delete_removed_log_(database, "DELETE FROM removed_logs WHERE log_id = ?1"),
      delete_table_key_(database, "DELETE FROM table_records WHERE slot = ?1 AND key = ?2"),
      insert_table_record_(database,
                           "INSERT INTO table_records (slot, key, value) VALUES (?1, ?2, ?3) RETURNING seq"),
      select_table_records_(database,
                            "SELECT seq, key, value FROM table_records WHERE slot = ?1 AND seq >= ?2 "
                            "ORDER BY seq LIMIT ?3"),
      delete_tombstones_(database, "DELETE FROM table_records WHERE value IS NULL AND seq <= ?1"),
      select_last_table_seq_(database, "SELECT max(seq) FROM table_records") {}

Store::LogRow* Store::find(const LogId& log) {
    if (const auto at = rows_.find(log); at != rows_.end()) return &at->second;
    auto found = select_log_.run(log.room.str(), log.epoch.str());
    if (!found.next_row()) return nullptr;
    LogRow row{.log_id = found.integer(0),
               .first = Seq{found.integer(1)},
               .next = Seq{found.integer(2)},
               .retention_ms = found.optional_integer(3)};
    if (row.first < row.next) {
        auto newest = select_max_time_.run(row.log_id);
        if (newest.next_row()) row.max_time = newest.integer(0);
    }
    return &rows_.emplace(log, row).first->second;
}

Result<Store::LogRow*> Store::need(const LogId& log) {
    if (LogRow* row = find(log)) return row;
    return Error{Errc::room_gone, "no log for " + log.room.str() + "/" + log.epoch.str()};
}

void Store::create(const LogId& log, const LogOptions& options) {
    insert_log_.execute(log.room.str(), log.epoch.str(), options.retention_ms);
}

Result<void> Store::configure(const LogId& log, const LogOptions& options) {
    const auto found = need(log);
    if (!found.ok()) return found.error();
    update_retention_.execute((*found)->log_id, options.retention_ms);
    (*found)->retention_ms = options.retention_ms;
    return {};
}

void Store::remove(const LogId& log) {
    const LogRow* row = find(log);
    if (row == nullptr) return;
    insert_removed_log_.execute(row->log_id);
    delete_log_.execute(row->log_id);
    std::erase(changed_, row);
    rows_.erase(log);
}

Result<Seq> Store::append(const LogId& log, const Record& record) {
    const auto found = need(log);
    if (!found.ok()) return found.error();
    LogRow& row = **found;
    row.max_time = row.first == row.next ? record.time : std::max(row.max_time, record.time);
    const Seq seq = row.next;
    insert_message_.execute(row.log_id, seq.value, record.time, row.max_time, record.id.str(),
                            record.user.str(), record.value);
    row.next = seq.next();
    if (!row.changed) {
        row.changed = true;
        changed_.push_back(&row);
    }
    return seq;
}

Seq Store::append_to_table(Slot slot, std::string_view key, const std::optional<std::string>& value) {
    delete_table_key_.execute(std::int64_t{slot.value}, key);
    auto inserted = insert_table_record_.run(std::int64_t{slot.value}, key, value);
    Seq seq;
    while (inserted.next_row()) seq = Seq{inserted.integer(0)};
    return seq;
}

void Store::drop_tombstones() { delete_tombstones_.execute(last_seq); }

void Store::flush() {
    for (LogRow* row : changed_) {
        update_log_.execute(row->log_id, row->first.value, row->next.value);
        row->changed = false;
    }
    changed_.clear();
    if (rows_.size() > remembered_logs) rows_.clear();
}

void Store::forget() {
    changed_.clear();
    rows_.clear();
}

Result<Bounds> Store::bounds(const LogId& log) {
    const auto row = need(log);
    if (!row.ok()) return row.error();
    return Bounds{(*row)->first, (*row)->next};
}

Result<ReadResult> Store::read(const LogId& log, const ReadRange& range) {
    const auto row = need(log);
    if (!row.ok()) return row.error();
    if (range.from < (*row)->first) return Error{Errc::not_found, "the log begins after the range does"};
    return read_rows(**row, range);
}

ReadResult Store::read_rows(const LogRow& row, const ReadRange& range) {
    ReadResult result;
    const auto limit = static_cast<std::size_t>(std::max(range.max_records, 1));
    std::size_t bytes = 0;
    auto found = select_messages_.run(row.log_id, range.from.value, range.until.value,
                                      static_cast<std::int64_t>(limit));
    while (found.next_row()) {
        const std::string_view id = found.text(2);
        const std::string_view user = found.text(3);
        const std::string_view value = found.text(4);
        bytes += id.size() + user.size() + value.size();
        if (!result.records.empty() && bytes > range.max_bytes) {
            result.next = Seq{found.integer(0)};
            return result;
        }
        result.records.push_back({Seq{found.integer(0)}, Record{MessageId::trusted(std::string(id)),
                                                                UserName::trusted(std::string(user)),
                                                                found.integer(1), std::string(value)}});
    }
    const bool cut = result.records.size() == limit;
    result.next =
        cut ? result.records.back().seq.next() : std::max(range.from, std::min(range.until, row.next));
    return result;
}

Result<TailPage> Store::read_tail(const LogId& log, Seq from, int max_records, std::size_t max_bytes) {
    const auto found = need(log);
    if (!found.ok()) return found.error();
    const LogRow& row = **found;
    if (from < row.first || from > row.next) {
        return Error{Errc::not_found, "seq " + std::to_string(from.value) + " is not within " +
                                          std::to_string(row.first.value) + " to " +
                                          std::to_string(row.next.value)};
    }
    TailPage page{read_rows(row, {from, row.next, max_records, max_bytes}), false};
    page.at_end = page.read.next >= row.next;
    return page;
}

Result<Seq> Store::seek(const LogId& log, TimeMs time) {
    const auto row = need(log);
    if (!row.ok()) return row.error();
    return seek_in(**row, time);
}

Seq Store::seek_in(const LogRow& row, TimeMs time) {
    // The first row whose max_time reaches `time`: max_time never falls, so a binary search finds it.
    std::int64_t low = row.first.value;
    std::int64_t high = row.next.value;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        auto at = select_times_.run(row.log_id, middle);
        if (!at.next_row() || at.integer(2) >= time) {
            high = middle;
        } else {
            low = at.integer(0) + 1;
        }
    }
    // Its own time is what reached it, unless that was a row before the first one, deleted since.
    auto exact = select_seq_by_time_.run(row.log_id, low, time);
    return exact.next_row() ? Seq{exact.integer(0)} : row.next;
}

TablePage Store::read_table(Slot slot, Seq from, int max_records, std::size_t max_bytes) {
    TablePage page{{}, from, true};
    std::size_t bytes = 0;
    auto found =
        select_table_records_.run(std::int64_t{slot.value}, from.value, std::int64_t{max_records} + 1);
    while (found.next_row()) {
        const Seq seq{found.integer(0)};
        const std::string_view key = found.text(1);
        const auto value = found.optional_text(2);
        bytes += key.size() + (value ? value->size() : 0);
        const bool full = page.records.size() >= static_cast<std::size_t>(max_records) || bytes > max_bytes;
        if (!page.records.empty() && full) {
            page.at_end = false;
            break;
        }
        page.records.push_back(
            {seq, std::string(key), value ? std::optional(std::string(*value)) : std::nullopt});
        page.next = seq.next();
    }
    return page;
}

bool Store::sweep(TimeMs now) {
    sweep_tombstones(now);
    return sweep_removed_logs() || sweep_by_age(now);
}

void Store::sweep_tombstones(TimeMs now) {
    if (now < next_tombstone_sweep_) return;
    delete_tombstones_.execute(old_tombstones_.value);
    auto last = select_last_table_seq_.run();
    if (last.next_row()) old_tombstones_ = Seq{last.optional_integer(0).value_or(-1)};
    next_tombstone_sweep_ = now + tombstones_kept_ms;
}

bool Store::sweep_removed_logs() {
    std::int64_t log_id = 0;
    {
        auto removed = select_removed_log_.run();
        if (!removed.next_row()) return false;
        log_id = removed.integer(0);
    }
    std::int64_t end = last_seq;
    {
        auto at = select_sweep_end_.run(log_id, sweep_rows);
        if (at.next_row()) end = at.integer(0);
    }
    delete_messages_.execute(log_id, end);
    if (end == last_seq) delete_removed_log_.execute(log_id);
    return true;
}

bool Store::sweep_by_age(TimeMs now) {
    for (int i = 0; i < sweep_logs; ++i) {
        LogId log;
        std::int64_t log_id = 0;
        {
            auto aged = select_aged_log_.run(swept_log_id_, std::int64_t{default_retention_ms_.has_value()});
            if (!aged.next_row()) {
                swept_log_id_ = 0;
                return false;
            }
            log_id = aged.integer(0);
            log = {RoomSlug::trusted(std::string(aged.text(1))), Epoch::trusted(std::string(aged.text(2)))};
        }
        LogRow& row = *find(log);
        const TimeMs oldest_kept = now - row.retention_ms.value_or(default_retention_ms_.value_or(0));
        const Seq end = std::min(seek_in(row, oldest_kept), Seq{row.first.value + sweep_rows});
        if (end <= row.first) {
            swept_log_id_ = log_id;
            continue;
        }
        delete_messages_.execute(log_id, end.value);
        row.first = end;
        update_log_.execute(log_id, row.first.value, row.next.value);
        return true;
    }
    return true;
}

}  // namespace roomcast::channel::sqlite
