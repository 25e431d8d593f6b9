#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/sqlite/jobs.hpp"

namespace roomcast::channel::sqlite {

/// The running tails, by log. Part of the Frontend, on the owner's thread.
///
/// A tail begins by reading pages. Once a page reached the log's end it is live: it is shown the records of
/// the worker's commits, which come in the same order as the pages, so nothing is missed or shown twice.
/// Where commits are another process's (read-only) a tail at the end waits instead, and reads on when told of
/// a change.
///
/// Sinks may add and end tails, and end the channel, while they are called: nothing is held across a call but
/// ids.
class Tails {
public:
    explicit Tails(bool fed) : fed_(fed) {}

    [[nodiscard]] TailPageJob add(const LogId& log, Seq from, TailSink& sink);
    void end(TailId tail);
    void clear();

    [[nodiscard]] bool any(const LogId& log) const { return by_log_.contains(log); }
    /// Shows newly committed records to the live tails of a log.
    void feed(const LogId& log, std::span<const RecordView> records);
    /// Shows a page; the job to ask for next, if the tail still runs and is not at the end.
    [[nodiscard]] std::optional<TailPageJob> show(TailPageJob page);
    void fail_all(const LogId& log, const Error& error);
    /// The jobs with which waiting tails read on.
    [[nodiscard]] std::vector<TailPageJob> read_on();

private:
    enum class State { reading, waiting, live };
    struct Entry {
        LogId log;
        Seq next;
        TailSink* sink;
        State state;
    };

    [[nodiscard]] std::vector<TailId> of(const LogId& log) const;
    void fail(TailId tail, const Error& error);

    bool fed_;
    TailId last_id_ = 0;
    std::unordered_map<TailId, Entry> entries_;
    std::unordered_map<LogId, std::vector<TailId>> by_log_;
};

}  // namespace roomcast::channel::sqlite
