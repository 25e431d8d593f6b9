// The half of RoomDirectory that changes rooms, hides messages and lists.
#include <algorithm>

#include <boost/asio/post.hpp>

#include "shared/channel/room_directory.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel {
namespace {
const Error out_of_reach{Errc::unavailable, "the rooms directory is out of reach"};
}

void RoomDirectory::change(const RoomSlug& room, Edit edit, Callback<RoomInfo> done) {
    use(slot_of(room));
    changes_[room].push_back(
        PendingChange{std::move(edit), std::move(done), deadline(), std::nullopt, false});
    boost::asio::post(io_, [this, alive = alive_, room] {
        if (*alive) change_next(room);
    });
}

void RoomDirectory::change_next(const RoomSlug& room) {
    const auto waiting = changes_.find(room);
    if (waiting == changes_.end() || waiting->second.front().awaited) return;
    SlotState& slot = use(slot_of(room));
    if (!slot.is_current) return;
    const RoomInfo* const info = slot.rooms.find(room);
    if (info == nullptr) return end_change(room, Errc::no_such_room);
    auto edited = waiting->second.front().edit(*info);
    if (!edited) return end_change(room, edited.error());
    if (*edited == *info) return end_change(room, *info);
    edited->revision = info->revision + 1;
    waiting->second.front().awaited = *edited;
    waiting->second.front().retention_changed = edited->retention_ms != info->retention_ms;
    table_.append(slot_of(room), room_key(edited->log),
                  encode_room_record({*edited, slot.rooms.created_at(room)}),
                  [this, alive = alive_, written = *edited](const Result<Seq>& kept) {
                      if (!*alive || kept) return;  // answered when the record is read back
                      const auto still = changes_.find(written.log.room);
                      if (still != changes_.end() && still->second.front().awaited == written)
                          end_change(written.log.room, kept.error());
                  });
}

void RoomDirectory::end_change(const RoomSlug& room, Result<RoomInfo> outcome) {
    const auto waiting = changes_.find(room);
    const PendingChange ended = std::move(waiting->second.front());
    waiting->second.pop_front();
    if (waiting->second.empty()) {
        changes_.erase(waiting);
    } else {
        boost::asio::post(io_, [this, alive = alive_, room] {
            if (*alive) change_next(room);
        });
    }
    if (!outcome || !ended.retention_changed) return ended.done(std::move(outcome));
    admin_.configure(outcome->log, LogOptions{outcome->retention_ms},
                     [done = ended.done, room = *outcome](const Result<void>& configured) {
                         done(configured ? Result<RoomInfo>(room) : Result<RoomInfo>(configured.error()));
                     });
}

void RoomDirectory::hide(const LogId& log, Seq seq, Callback<void> done) {
    const auto already = hidden(log);
    if (already && already->contains(seq))
        return boost::asio::post(io_, [done = std::move(done)] { done({}); });
    if (already && already->size() >= limits::hidden_per_room)
        return boost::asio::post(io_, [done = std::move(done)] {
            done(Error{Errc::busy, "too many messages of this room are deleted already"});
        });
    const std::string key = hidden_key(log, seq);
    hides_[key].push_back(PendingHide{std::move(done), deadline()});
    table_.append(slot_of(log.room), key, "{}", [this, alive = alive_, key](const Result<Seq>& kept) {
        if (!*alive || kept) return;  // answered when the record is read back
        for (auto& waiting : std::exchange(hides_[key], {})) waiting.done(kept.error());
        hides_.erase(key);
    });
}

void RoomDirectory::answer_hides(const std::string& key) {
    const auto waiting = hides_.find(key);
    if (waiting == hides_.end()) return;
    auto due = std::move(waiting->second);
    hides_.erase(waiting);
    for (auto& hide : due) hide.done({});
}

void RoomDirectory::forget_hidden(const LogId& log, Seq first) {
    const auto held = hidden(log);
    if (!held) return;
    for (auto seq = held->begin(); seq != held->end() && *seq < first; ++seq)
        table_.append(slot_of(log.room), hidden_key(log, *seq), std::nullopt, [](const Result<Seq>&) {});
}

HiddenSeqs RoomDirectory::hidden(const LogId& log) const {
    const auto slot = slots_.find(slot_of(log.room));
    return slot == slots_.end() ? nullptr : slot->second->rooms.hidden(log);
}

void RoomDirectory::list(std::vector<Slot> slots, std::string after, int limit,
                         std::function<bool(const RoomInfo&)> wanted, Callback<std::vector<RoomInfo>> done) {
    for (const Slot slot : slots) use(slot);
    lists_.push_back(PendingList{std::move(slots), std::move(after), limit, std::move(wanted),
                                 std::move(done), deadline()});
    boost::asio::post(io_, [this, alive = alive_] {
        if (*alive) answer_lists();
    });
}

void RoomDirectory::answer_lists() {
    std::vector<PendingList> ready;
    std::erase_if(lists_, [&](PendingList& list) {
        const bool current = std::all_of(list.slots.begin(), list.slots.end(),
                                         [&](Slot slot) { return use(slot).is_current; });
        if (current) ready.push_back(std::move(list));
        return current;
    });
    for (auto& list : ready) {
        std::vector<RoomInfo> found;
        const auto most = static_cast<std::size_t>(list.limit) + 1;
        for (const Slot slot : list.slots) {
            std::size_t taken = 0;
            slots_.at(slot)->rooms.each(list.after, [&](const RoomInfo& room) {
                if (!list.wanted(room)) return true;
                found.push_back(room);
                return ++taken < most;
            });
        }
        std::sort(found.begin(), found.end(),
                  [](const RoomInfo& a, const RoomInfo& b) { return a.log < b.log; });
        if (found.size() > most) found.resize(most);
        list.done(std::move(found));
    }
}

void RoomDirectory::sweep_changes(Deadline now) {
    std::vector<PendingChange> changes;
    for (auto& [room, waiting] : changes_)
        while (!waiting.empty() && waiting.front().deadline <= now) {
            changes.push_back(std::move(waiting.front()));
            waiting.pop_front();
        }
    std::erase_if(changes_, [](const auto& entry) { return entry.second.empty(); });
    std::vector<PendingHide> hides;
    for (auto& [key, waiting] : hides_)
        std::erase_if(waiting, [&](PendingHide& hide) {
            if (hide.deadline > now) return false;
            hides.push_back(std::move(hide));
            return true;
        });
    std::erase_if(hides_, [](const auto& entry) { return entry.second.empty(); });
    std::vector<PendingList> lists;
    std::erase_if(lists_, [&](PendingList& list) {
        if (list.deadline > now) return false;
        lists.push_back(std::move(list));
        return true;
    });
    for (auto& change : changes) change.done(out_of_reach);
    for (auto& hide : hides) hide.done(out_of_reach);
    for (auto& list : lists) list.done(out_of_reach);
}

}  // namespace roomcast::channel
