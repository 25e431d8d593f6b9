#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "shared/channel/sqlite/jobs.hpp"

namespace roomcast::channel::sqlite {

/// Jobs on their way to the worker. Pushed on the owner's thread, which also keeps the caps; taken on the
/// worker's.
class JobQueue {
public:
    struct Work {
        std::vector<WriteJob> writes;
        std::vector<ReadJob> reads;
        bool more = false;      // the queue holds more than fits one turn
        bool stopping = false;  // asked to stop; with nothing left, the end
    };

    void push(WriteJob job);
    void push(ReadJob job);
    void stop();

    /// One turn's work, in the order of pushing. Waits until there is some, or the queue was stopped, or
    /// `until`.
    [[nodiscard]] Work take(std::chrono::steady_clock::time_point until);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<WriteJob> writes_;
    std::deque<ReadJob> reads_;
    bool stopping_ = false;
};

/// Jobs on their way back. `announce` is called on the worker's thread when the first of several arrives, and
/// makes the owner's thread come and take all of them. Bounded by the caps on what may be under way.
class FinishedQueue {
public:
    explicit FinishedQueue(std::function<void()> announce) : announce_(std::move(announce)) {}

    void push(Finished finished);
    [[nodiscard]] std::vector<Finished> take();

private:
    std::mutex mutex_;
    std::vector<Finished> finished_;
    std::function<void()> announce_;
};

}  // namespace roomcast::channel::sqlite
