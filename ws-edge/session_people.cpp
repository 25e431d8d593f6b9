// The half of Session that deals in what is not in the log: typing, signals, lists of members.
#include "shared/core/limits.hpp"
#include "shared/wire/server_frames.hpp"
#include "ws-edge/session.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {

void Session::handle(const wire::Typing& frame) {
    Membership* const member = find(frame.room);
    if (member == nullptr) return say_error(Error{Errc::not_a_member, {}}, frame.id, frame.room.str());
    if (!member->joined()) return;
    // Said again and again while somebody types: passed on now and then. An end is passed on once.
    const std::int64_t now = now_ms();
    const bool was_typing = member->typing_said_ms != 0;
    if (frame.typing ? now - member->typing_said_ms < limits::typing_repeat_ms : !was_typing) return;
    member->typing_said_ms = frame.typing ? now : 0;
    shard_.tell_core(TellTyping{frame.room, {id_, claims_.user}, frame.typing});
}

void Session::handle(const wire::Signal& frame) {
    Membership* const member = find(frame.room);
    if (member == nullptr || !member->joined())
        return say_error(Error{Errc::not_a_member, {}}, frame.id, frame.room.str());
    shard_.tell_core(TellSignal{frame.room, key_, frame.id, {id_, claims_.user}, frame.to, frame.data});
}

void Session::on_signal(const RoomSlug& room, const link::Person& from, std::string_view data) {
    const Membership* const member = find(room);
    if (member == nullptr || !member->joined()) return;
    if (connection_.owed_bytes() > limits::ephemeral_outbox_bytes) return;
    say(wire::signal_frame(room, from.session, from.user, data));
}

void Session::on_signal_failed(const RoomSlug& room, std::string_view id, const Error& error) {
    say_error(error, id, room.str());
}

void Session::handle(const wire::AskMembers& frame) {
    Membership* const member = find(frame.room);
    if (member == nullptr || !member->joined())
        return say_error(Error{Errc::not_a_member, {}}, frame.id, frame.room.str());
    if (asides_ >= limits::pending_requests_per_session)
        return say_error(Error{Errc::busy, "too many questions of this session are open"}, frame.id,
                         frame.room.str());
    ++asides_;
    shard_.tell_core(ListMembers{frame.room, key_, frame.id});
}

void Session::on_members(const RoomSlug& room, std::string_view id, const Result<std::string>& frame) {
    --asides_;
    if (find(room) == nullptr) return;
    if (!frame) return say_error(frame.error(), id, room.str());
    say(*frame);
}

}  // namespace roomcast::edge
