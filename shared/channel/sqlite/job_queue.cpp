#include "shared/channel/sqlite/job_queue.hpp"

#include <utility>

namespace roomcast::channel::sqlite {
namespace {

constexpr std::size_t job_overhead_bytes = 64;

/// Moves jobs until so many, or so many bytes, are reached; at least one.
template <class Job>
std::vector<Job> take_some(std::deque<Job>& queue, std::size_t max_jobs, std::size_t max_bytes) {
    std::vector<Job> taken;
    std::size_t bytes = 0;
    while (!queue.empty() && taken.size() < max_jobs) {
        bytes += cost_bytes(queue.front());
        if (!taken.empty() && bytes > max_bytes) break;
        taken.push_back(std::move(queue.front()));
        queue.pop_front();
    }
    return taken;
}

}  // namespace

std::size_t cost_bytes(const WriteJob& job) {
    if (const auto* append = std::get_if<AppendJob>(&job)) return append->bytes;
    if (const auto* table = std::get_if<TableAppendJob>(&job)) {
        return job_overhead_bytes + table->key.size() + (table->value ? table->value->size() : 0);
    }
    return job_overhead_bytes;
}

std::size_t cost_bytes(const ReadJob& job) {
    if (const auto* range = std::get_if<RangeJob>(&job)) return range->range.max_bytes;
    const bool page = std::holds_alternative<TailPageJob>(job) || std::holds_alternative<TablePageJob>(job);
    return page ? page_bytes : job_overhead_bytes;
}

void JobQueue::push(WriteJob job) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = writes_.empty();
        writes_.push_back(std::move(job));
    }
    if (first) changed_.notify_one();
}

void JobQueue::push(ReadJob job) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = reads_.empty();
        reads_.push_back(std::move(job));
    }
    if (first) changed_.notify_one();
}

void JobQueue::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
}

JobQueue::Work JobQueue::take(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return !writes_.empty() || !reads_.empty() || stopping_; });
    Work work;
    work.writes = take_some(writes_, batch_jobs, batch_bytes);
    work.reads = take_some(reads_, batch_jobs, batch_reads_bytes);
    work.more = !writes_.empty() || !reads_.empty();
    work.stopping = stopping_;
    return work;
}

void FinishedQueue::push(Finished finished) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = finished_.empty();
        finished_.push_back(std::move(finished));
    }
    if (first) announce_();
}

std::vector<Finished> FinishedQueue::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(finished_, {});
}

}  // namespace roomcast::channel::sqlite
