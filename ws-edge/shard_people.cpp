// The half of Shard that hands on what is not in the log: presence, typing, signals, lists of members.
#include "ws-edge/shard.hpp"

namespace roomcast::edge {
namespace {

std::vector<wire::Person> views_of(const std::vector<link::Person>& people) {
    std::vector<wire::Person> views;
    views.reserve(people.size());
    for (const auto& person : people) views.push_back({person.session.str(), person.user.str()});
    return views;
}

}  // namespace

PeopleChanged& Shard::people_of(const RoomSlug& room) {
    schedule_commands();
    PeopleChanged& change = people_[room];
    change.room = room;
    return change;
}

void Shard::arrived(Membership& member) {
    PeopleChanged& change = people_of(member.join.room);
    change.joined.push_back({{member.session->id(), member.session->user()}, member.session->key()});
}

void Shard::handle(const PresenceChanged& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || !found->second->open()) return;
    found->second->count(event.count);
    const auto frame =
        wire::presence_frame(event.room, views_of(event.joined), views_of(event.left), event.count);
    stats_.ephemeral += found->second->tell(net::ws::encode_text({frame}), nullptr);
}

void Shard::handle(const TypingHeard& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || !found->second->open()) return;
    const Session* typist = nullptr;
    for (const Membership* const member : found->second->members)
        if (member->session->id() == event.who.session) typist = member->session;
    const auto frame = wire::typing_frame(event.room, event.who.user, event.typing);
    stats_.ephemeral += found->second->tell(net::ws::encode_text({frame}), typist);
}

void Shard::handle(const SignalArrived& event) {
    if (Session* const session = session_of(event.session))
        session->on_signal(event.room, event.from, event.data);
}

void Shard::handle(const SignalFailed& event) {
    if (Session* const session = session_of(event.session))
        session->on_signal_failed(event.room, event.id, event.error);
}

void Shard::handle(MembersArrived& event) {
    Session* const session = session_of(event.session);
    if (session == nullptr) return;
    if (!event.page) return session->on_members(event.room, event.id, event.page.error());
    session->on_members(
        event.room, event.id,
        wire::members_frame(event.room, event.id, views_of(event.page->members), event.page->count));
}

}  // namespace roomcast::edge
