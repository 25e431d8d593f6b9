#pragma once

#include <functional>

#include "ws-edge/api/exchange.hpp"
#include "ws-edge/api/passwords.hpp"
#include "ws-edge/caller.hpp"

namespace roomcast::edge {

/// Lets HTTP requests into rooms: finds the room, and asks for the password of a private one (the header
/// X-Room-Password). A private room that is not open to who asks is not there, and it takes as long to say
/// so.
///
/// Owned by Api, on the core's thread.
class Door {
public:
    using Entered = std::function<void(link::RoomReply)>;

    Door(Caller& caller, Passwords& passwords) : caller_(caller), passwords_(passwords) {}

    /// Calls `then` with the room, or answers the exchange.
    void enter(const ExchangePtr& exchange, const RoomSlug& room, Entered then);

private:
    void judge(const ExchangePtr& exchange, const RoomSlug& slug, Result<link::RoomReply> found,
               Entered then);

    Caller& caller_;
    Passwords& passwords_;
};

/// What tries of a room's password are counted by.
[[nodiscard]] std::string password_subject(const RoomSlug& room, const FoldedName& user);

}  // namespace roomcast::edge
