#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"
#include "shared/core/time.hpp"

/// The durable log between producer and consumer. `kafka/` and `sqlite/` implement these interfaces, and one
/// suite (tests/channel) holds both to the same behaviour.
///
/// Threads: every object here belongs to the io_context that it was made with. It is called on that thread
/// only and calls back on that thread only, never from inside the call that asked. A callback given to an
/// object that is destroyed before it answers is dropped, not called.
namespace roomcast::channel {

template <class T>
using Callback = std::function<void(Result<T>)>;

/// One message on its way into a room's log. `value` is the message as clients see it, as JSON, without its
/// seq: it begins with `{"type":"message","room":"<slug>",`.
struct Record {
    MessageId id;
    UserName user;
    TimeMs time = 0;
    std::string value;
};

/// A message in the log, as views that live only as long as the call that shows them.
struct RecordView {
    Seq seq;
    TimeMs time = 0;
    std::string_view id;
    std::string_view user;
    std::string_view value;
};

struct StoredRecord {
    Seq seq;
    Record record;
};

/// Chosen by the caller of `append`, given back with its outcome.
using AppendTicket = std::uint64_t;

/// Hears how appends end: each ticket exactly once. `on_append_failed` tells by the error's code what is
/// known: `unknown_outcome` when the record may have been kept, any other code when it surely was not.
class AppendListener {
public:
    virtual void on_appended(AppendTicket ticket, Seq seq) = 0;
    virtual void on_append_failed(AppendTicket ticket, Error error) = 0;

protected:
    ~AppendListener() = default;
};

/// A handle for appending to one room's log. Cheap to keep while the room is in use.
class LogWriter {
public:
    virtual ~LogWriter() = default;
    /// Queues the record. Never blocks; answers `busy` when the queue is at its limit, `too_large` for a
    /// record above limits::record_value_bytes. When it answers ok the outcome follows at the listener;
    /// appends of one writer are kept in the order of the calls.
    [[nodiscard]] virtual Result<void> append(Record record, AppendTicket ticket) = 0;
    /// Has the listener hear now, inside this call, what is known of the outcomes; else it may take some
    /// limits::append_report_pause_ms. For whoever saw the record in the log. May end this writer.
    virtual void collect() {}
};

/// The producer's end. One for each program that writes messages.
class Appender {
public:
    virtual ~Appender() = default;
    [[nodiscard]] virtual std::unique_ptr<LogWriter> open(const LogId& log) = 0;
    /// Appends whose outcome is not known yet.
    [[nodiscard]] virtual std::size_t in_flight() const = 0;
};

/// The seqs that a log holds: the oldest kept and the one that the next message will get.
struct Bounds {
    Seq first;
    Seq next;
};

/// A range to read: from `from` up to and without `until`, at most so many records and bytes, whichever is
/// met first (at least one record is given where there is one).
struct ReadRange {
    Seq from;
    Seq until;
    int max_records = 1000;
    std::size_t max_bytes = 512 * 1024;
};

/// Records of a range in rising seq. `next` is where to go on; it equals or exceeds `until` when the range is
/// done.
struct ReadResult {
    std::vector<StoredRecord> records;
    Seq next;
};

/// Hears a log's new records as they become durable. `on_tail_failed` is the last call: `room_gone` when the
/// log no longer exists, `not_found` when the start is no longer (or not yet) in the log, else `unavailable`.
class TailSink {
public:
    virtual void on_records(std::span<const RecordView> records) = 0;
    virtual void on_tail_failed(Error error) = 0;

protected:
    ~TailSink() = default;
};

/// A running tail; destroying it ends the reading and the calls.
class Tail {
public:
    virtual ~Tail() = default;
    /// Records that the log is known to hold and that have not been shown yet; asks nobody.
    [[nodiscard]] virtual std::int64_t behind() const { return 0; }
};

/// The consumer's end. Short outages of the log are waited out inside; requests fail with `unavailable` past
/// limits::channel_request_deadline_ms, with `room_gone` when the log does not exist.
class LogReader {
public:
    virtual ~LogReader() = default;
    virtual void bounds(const LogId& log, Callback<Bounds> done) = 0;
    /// Fails with `not_found` when `from` is below the log's first seq.
    virtual void read(const LogId& log, ReadRange range, Callback<ReadResult> done) = 0;
    /// The seq of the first record with a time at or after `time`, or Bounds::next where there is none.
    virtual void seek(const LogId& log, TimeMs time, Callback<Seq> done) = 0;
    /// Starts at `from`, which lies within the bounds (both ends included).
    [[nodiscard]] virtual std::unique_ptr<Tail> tail(const LogId& log, Seq from, TailSink& sink) = 0;
};

struct LogOptions {
    std::optional<std::int64_t> retention_ms;  // none: the operator's default
};

/// Makes, changes and removes rooms' logs. `create` of an existing log (which stays as it is) and `remove` of
/// a missing one succeed.
class LogAdmin {
public:
    virtual ~LogAdmin() = default;
    virtual void create(const LogId& log, LogOptions options, Callback<void> done) = 0;
    /// Gives an existing log these options from now on; `room_gone` where there is none.
    virtual void configure(const LogId& log, LogOptions options, Callback<void> done) = 0;
    virtual void remove(const LogId& log, Callback<void> done) = 0;
};

/// One record of a compacted log. No value: the key is deleted.
struct TableRecord {
    Slot slot;
    Seq seq;
    std::string_view key;
    std::optional<std::string_view> value;
};

/// Hears one slot of a compacted log from its start. `on_slot_current` is called once, when everything that
/// the slot held at the time of `follow` has been shown; records go on after it as they are appended.
class TableSink {
public:
    virtual void on_table_record(const TableRecord& record) = 0;
    virtual void on_slot_current(Slot slot) = 0;

protected:
    ~TableSink() = default;
};

/// A running `follow`; destroying it ends the calls.
class Following {
public:
    virtual ~Following() = default;
};

/// The compacted logs that there are.
enum class Table : std::uint8_t {
    rooms,     // the rooms directory
    accounts,  // by slot_of(FoldedName)
    tokens,    // slot 0 alone; records older than limits::token_log_retention_ms go
};

/// A compacted log in `slot_count` slots. Keeps the last value of each key at least; older ones and deleted
/// keys go some time after.
class TableLog {
public:
    virtual ~TableLog() = default;
    virtual void append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) = 0;
    [[nodiscard]] virtual std::unique_ptr<Following> follow(Slot slot, TableSink& sink) = 0;
};

}  // namespace roomcast::channel
