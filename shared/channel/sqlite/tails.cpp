#include "shared/channel/sqlite/tails.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::channel::sqlite {

TailPageJob Tails::add(const LogId& log, Seq from, TailSink& sink) {
    const TailId id = ++last_id_;
    entries_.emplace(id, Entry{log, from, &sink, State::reading});
    by_log_[log].push_back(id);
    return {.tail = id, .log = log, .from = from};
}

void Tails::end(TailId tail) {
    const auto entry = entries_.find(tail);
    if (entry == entries_.end()) return;
    const auto log = by_log_.find(entry->second.log);
    std::erase(log->second, tail);
    if (log->second.empty()) by_log_.erase(log);
    entries_.erase(entry);
}

void Tails::clear() {
    entries_.clear();
    by_log_.clear();
}

std::vector<TailId> Tails::of(const LogId& log) const {
    const auto found = by_log_.find(log);
    return found == by_log_.end() ? std::vector<TailId>() : found->second;
}

void Tails::feed(const LogId& log, std::span<const RecordView> records) {
    if (records.empty()) return;
    for (const TailId tail : of(log)) {
        const auto entry = entries_.find(tail);
        if (entry == entries_.end() || entry->second.state != State::live) continue;
        entry->second.next = records.back().seq.next();
        entry->second.sink->on_records(records);
    }
}

std::optional<TailPageJob> Tails::show(TailPageJob page) {
    const auto entry = entries_.find(page.tail);
    if (entry == entries_.end()) return std::nullopt;
    if (!page.answer.ok()) {
        fail(page.tail, page.answer.error());
        return std::nullopt;
    }
    const auto& [read, at_end] = *page.answer;
    entry->second.next = read.next;
    if (at_end) entry->second.state = fed_ ? State::live : State::waiting;
    if (!read.records.empty()) {
        std::vector<RecordView> views;
        views.reserve(read.records.size());
        for (const auto& [seq, record] : read.records) {
            views.push_back({seq, record.time, record.id.str(), record.user.str(), record.value});
        }
        entry->second.sink->on_records(views);
    }
    if (at_end || !entries_.contains(page.tail)) return std::nullopt;
    return TailPageJob{.tail = page.tail, .log = std::move(page.log), .from = read.next};
}

void Tails::fail(TailId tail, const Error& error) {
    TailSink* const sink = entries_.at(tail).sink;
    end(tail);
    sink->on_tail_failed(error);
}

void Tails::fail_all(const LogId& log, const Error& error) {
    for (const TailId tail : of(log)) {
        if (entries_.contains(tail)) fail(tail, error);
    }
}

std::vector<TailPageJob> Tails::read_on() {
    std::vector<TailPageJob> jobs;
    for (auto& [id, entry] : entries_) {
        if (entry.state != State::waiting) continue;
        entry.state = State::reading;
        jobs.push_back({.tail = id, .log = entry.log, .from = entry.next});
    }
    return jobs;
}

}  // namespace roomcast::channel::sqlite
