#pragma once

#include "ws-edge/messages.hpp"

namespace roomcast::edge {

/// Where the core passes what is no traffic of rooms: HTTP requests, passwords, tickets. Called on the core's
/// thread; answers go back to the shard by Core::tell.
class Desk {
public:
    virtual void on_http(ShardIndex shard, HttpTask task) = 0;
    virtual void on_password(ShardIndex shard, CheckPassword question) = 0;
    virtual void on_ticket(ShardIndex shard, TakeTicket request) = 0;

protected:
    ~Desk() = default;
};

}  // namespace roomcast::edge
