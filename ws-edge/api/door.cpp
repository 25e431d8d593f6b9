#include "ws-edge/api/door.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::edge {

std::string password_subject(const RoomSlug& room, const FoldedName& user) {
    return "room:" + room.str() + ":" + user.str();
}

void Door::enter(const ExchangePtr& exchange, const RoomSlug& room, Entered then) {
    caller_.call(slot_of(room), link::FindRoom{room},
                 [this, exchange, room, then = std::move(then)](link::Reply reply) mutable {
                     judge(exchange, room, expect<link::RoomReply>(std::move(reply)), std::move(then));
                 });
}

void Door::judge(const ExchangePtr& exchange, const RoomSlug& slug, Result<link::RoomReply> found,
                 Entered then) {
    const bool missing = !found && found.error().code == Errc::no_such_room;
    if (!found && !missing) return exchange->fail(found.error());
    const bool owner = found && found->room.owned_by(exchange->actor());
    if (found && !found->room.is_private()) {
        if (!owner && found->room.bans(exchange->folded())) return exchange->fail(Errc::banned);
        return then(std::move(*found));
    }
    if (owner) return then(std::move(*found));
    const auto password = exchange->request().header("x-room-password");
    if (!password || password->size() > limits::room_password_input_bytes)
        return exchange->fail(Errc::no_such_room);
    const bool refused = !found || found->room.bans(exchange->folded());
    std::string hash = refused ? std::string{} : found->room.password_hash;
    passwords_.check(password_subject(slug, exchange->folded()), exchange->address(), std::string(*password),
                     std::move(hash),
                     [exchange, found = std::move(found), then = std::move(then)](const Result<void>& right) {
                         if (right) return then(*found);
                         exchange->fail(right.error().code == Errc::wrong_password
                                            ? Error{Errc::no_such_room, {}}
                                            : right.error());
                     });
}

}  // namespace roomcast::edge
