#pragma once

#include <string_view>

#include "ws-edge/api/door.hpp"
#include "ws-edge/api/exchange.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {

/// Messages over HTTP: a room's history, sending, deleting. The same answers as by frames.
///
/// Owned by Api, on the core's thread. A room that nobody here is in is visited for the length of a request.
class RoomMessages {
public:
    RoomMessages(Core& core, Door& door) : core_(core), door_(door) {}

    void history(const ExchangePtr& exchange, const RoomSlug& room);
    void send(const ExchangePtr& exchange, const RoomSlug& room);
    void remove(const ExchangePtr& exchange, const RoomSlug& room, std::string_view seq);

private:
    using InRoom = std::function<void(const RoomInfo&, std::function<void()> leave)>;
    void visit(const ExchangePtr& exchange, const RoomSlug& room, InRoom then);
    void append(const ExchangePtr& exchange, const LogId& log, channel::Record record,
                std::function<void(Seq)> then);

    Core& core_;
    Door& door_;
};

}  // namespace roomcast::edge
