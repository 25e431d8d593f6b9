#pragma once

#include <string_view>

#include "shared/ops/settings.hpp"
#include "ws-edge/api/door.hpp"
#include "ws-edge/api/exchange.hpp"
#include "ws-edge/api/passwords.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {

/// Rooms over HTTP: what everybody may ask, and what their owners may do.
///
/// Owned by Api, on the core's thread. The worker checks the owner; here passwords are hashed and input is
/// judged.
class Rooms {
public:
    Rooms(const ops::EdgeSettings& settings, Core& core, Passwords& passwords, Door& door)
        : settings_(settings), core_(core), passwords_(passwords), door_(door) {}

    void list(const ExchangePtr& exchange);
    void create(const ExchangePtr& exchange);
    void describe(const ExchangePtr& exchange, const RoomSlug& room);
    void change(const ExchangePtr& exchange, const RoomSlug& room);
    void remove(const ExchangePtr& exchange, const RoomSlug& room);
    void kick(const ExchangePtr& exchange, const RoomSlug& room);
    void bans(const ExchangePtr& exchange, const RoomSlug& room);
    void ban(const ExchangePtr& exchange, const RoomSlug& room, std::string_view user, bool banned);

private:
    void send_change(const ExchangePtr& exchange, link::ChangeRoom change, bool answer_with_room);
    void find_new_owner(const ExchangePtr& exchange, link::ChangeRoom change, const std::string& name);

    const ops::EdgeSettings& settings_;
    Core& core_;
    Passwords& passwords_;
    Door& door_;
};

}  // namespace roomcast::edge
