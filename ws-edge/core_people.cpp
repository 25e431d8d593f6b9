// The half of Core that passes on what is not in the log: who is there, who types, signals.
#include "shared/core/limits.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {
namespace {
using Clock = std::chrono::steady_clock;
}

void Core::register_people(const CoreRoom& room) {
    link::RosterChange all{room.active->sub, true, {}, {}};
    all.joined.reserve(room.people.size());
    for (const auto& [session, member] : room.people) all.joined.push_back({session, member.user});
    workers_->send(room.active->worker, std::move(all));
}

void Core::handle(ShardIndex shard, PeopleChanged& command) {
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end()) return;
    CoreRoom& room = *found->second;
    link::RosterChange change;
    for (auto& [person, key] : command.joined) {
        room.people.insert_or_assign(person.session, CoreRoom::Member{person.user, shard, key});
        change.joined.push_back(std::move(person));
    }
    for (auto& session : command.left)
        if (room.people.erase(session) > 0) change.left.push_back(std::move(session));
    if (!room.active) return;  // all are registered when there is a worker again
    change.sub = room.active->sub;
    workers_->send(room.active->worker, std::move(change));
}

void Core::handle(const NodeId& worker, link::Presence& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr || !room->active || room->active->sub != event.sub) return;
    PresenceChanged change{room->slug, {}, {}, event.count};
    if (event.full) {
        // Against what the clients were told: after a take-over most of it is known to them.
        std::map<SessionId, UserName> everyone;
        for (auto& person : event.joined) {
            if (!room->everyone.contains(person.session)) change.joined.push_back(person);
            everyone.emplace(person.session, std::move(person.user));
        }
        for (const auto& [session, user] : room->everyone)
            if (!everyone.contains(session)) change.left.push_back({session, user});
        room->everyone = std::move(everyone);
    } else if (event.joined.empty() && event.left.empty()) {
        room->everyone.clear();
    } else {
        for (auto& person : event.joined)
            if (room->everyone.emplace(person.session, person.user).second)
                change.joined.push_back(std::move(person));
        for (auto& person : event.left)
            if (room->everyone.erase(person.session) > 0) change.left.push_back(std::move(person));
    }
    const bool news = !change.joined.empty() || !change.left.empty() || room->count != event.count;
    room->count = event.count;
    if (!news) return;
    for (const auto& [shard, generation] : room->shards) tell(shard, change);
}

void Core::handle(ShardIndex, TellTyping& command) {
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end() || !found->second->active) return;  // ephemeral: there is nobody to tell
    const auto& active = *found->second->active;
    workers_->send(active.worker, link::SayTyping{active.sub, std::move(command.who), command.typing});
}

void Core::handle(const NodeId& worker, link::TypingSaid& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr) return;
    for (const auto& [shard, generation] : room->shards)
        tell(shard, TypingHeard{room->slug, event.who, event.typing});
}

void Core::handle(ShardIndex shard, TellSignal& command) {
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end() || !found->second->active)
        return tell(shard,
                    SignalFailed{command.room, command.session, command.id, Error{Errc::unavailable, {}}});
    const link::RequestId request{next_request_++};
    asides_.emplace(
        request.value,
        Aside{command.room, shard, command.session, command.id,
              Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms), false});
    const auto& active = *found->second->active;
    workers_->send(active.worker, link::SendSignal{request, active.sub, std::move(command.from),
                                                   std::move(command.to), std::move(command.data)});
}

void Core::handle(const NodeId& worker, link::SignalSent& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr) return;
    const auto target = room->people.find(event.to);
    if (target == room->people.end()) return;  // it has just left
    tell(target->second.shard,
         SignalArrived{room->slug, target->second.key, std::move(event.from), std::move(event.data)});
}

void Core::handle(const NodeId&, link::SignalRefused& event) {
    const auto found = asides_.find(event.request.value);
    if (found == asides_.end()) return;
    tell(found->second.shard,
         SignalFailed{found->second.room, found->second.session, found->second.id, std::move(event.error)});
    asides_.erase(found);
}

void Core::handle(ShardIndex shard, ListMembers& command) {
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end() || !found->second->active)
        return tell(shard,
                    MembersArrived{command.room, command.session, command.id, Error{Errc::unavailable, {}}});
    const link::RequestId request{next_request_++};
    asides_.emplace(
        request.value,
        Aside{command.room, shard, command.session, command.id,
              Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms), true});
    const auto& active = *found->second->active;
    workers_->send(active.worker, link::AskMembers{request, active.sub});
}

void Core::handle(const NodeId&, link::MembersPage& event) {
    const auto found = asides_.find(event.request.value);
    if (found == asides_.end()) return;
    tell(found->second.shard,
         MembersArrived{found->second.room, found->second.session, found->second.id, std::move(event)});
    asides_.erase(found);
}

void Core::sweep_asides(Clock::time_point now) {
    std::erase_if(asides_, [&](const auto& entry) {
        const Aside& aside = entry.second;
        if (aside.deadline > now) return false;
        if (aside.answered_always)
            tell(aside.shard,
                 MembersArrived{aside.room, aside.session, aside.id, Error{Errc::unavailable, {}}});
        return true;
    });
}

}  // namespace roomcast::edge
