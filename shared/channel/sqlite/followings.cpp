#include "shared/channel/sqlite/followings.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::channel::sqlite {

TablePageJob Followings::add(Slot slot, TableSink& sink) {
    const FollowingId id = ++last_id_;
    entries_.emplace(id, Entry{slot, Seq{0}, &sink, State::reading, false});
    by_slot_[slot.value].push_back(id);
    return {.following = id, .slot = slot, .from = Seq{0}};
}

void Followings::end(FollowingId following) {
    const auto entry = entries_.find(following);
    if (entry == entries_.end()) return;
    std::erase(by_slot_[entry->second.slot.value], following);
    entries_.erase(entry);
}

void Followings::clear() {
    entries_.clear();
    by_slot_.clear();
}

void Followings::feed(const TableRecord& record) {
    const auto found = by_slot_.find(record.slot.value);
    if (found == by_slot_.end()) return;
    for (const FollowingId following : std::vector(found->second)) {
        const auto entry = entries_.find(following);
        if (entry == entries_.end() || entry->second.state != State::live) continue;
        entry->second.next = record.seq.next();
        entry->second.sink->on_table_record(record);
    }
}

std::optional<TablePageJob> Followings::show(const TablePageJob& page) {
    const auto running = [&] { return entries_.contains(page.following); };
    if (!running()) return std::nullopt;
    Entry& entry = entries_.at(page.following);
    if (!page.answer.ok()) {
        entry.state = State::waiting;  // a following has no way to fail
        return std::nullopt;
    }
    TableSink* const sink = entry.sink;
    const bool at_end = page.answer->at_end;
    const bool becomes_current = at_end && !std::exchange(entry.was_current, entry.was_current || at_end);
    entry.next = page.answer->next;
    if (at_end) entry.state = fed_ ? State::live : State::waiting;
    for (const StoredTableRecord& record : page.answer->records) {
        sink->on_table_record({page.slot, record.seq, record.key, record.value});
        if (!running()) return std::nullopt;
    }
    if (becomes_current) sink->on_slot_current(page.slot);
    if (at_end || !running()) return std::nullopt;
    return TablePageJob{.following = page.following, .slot = page.slot, .from = page.answer->next};
}

std::vector<TablePageJob> Followings::read_on() {
    std::vector<TablePageJob> jobs;
    for (auto& [id, entry] : entries_) {
        if (entry.state != State::waiting) continue;
        entry.state = State::reading;
        jobs.emplace_back().following = id;
        jobs.back().slot = entry.slot;
        jobs.back().from = entry.next;
    }
    return jobs;
}

}  // namespace roomcast::channel::sqlite
