#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/net/connection.hpp"
#include "shared/wire/client_frames.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::edge {

class Session;
class ShardRoom;

/// One session in one room. Owned by the session, listed in the room; ends with either.
struct Membership {
    enum class State : std::uint8_t {
        opening,      // the room is not open on this shard yet
        joining,      // the first page is asked for; `joined` is still to be said
        catching_up,  // joined; pages from the log are still to come before what is live
        live,
    };

    Session* session;
    net::Connection* connection;
    ShardRoom* room;  // null while a password is checked for a room that is not there
    wire::Join join;
    State state = State::opening;
    bool deflates = false;  // its connection takes compressed messages
    bool page_asked = false;
    std::uint64_t ticket = 0;  // of the page asked for
    Seq last;                  // everything up to here was sent; while live, ShardRoom knows better
    std::size_t live_index = 0;
    std::optional<wire::NotRecovered> not_recovered;
    bool may_create = false;  // the room, where it is missing
    bool asked_to_create = false;
    bool admitted = false;                 // it may be here: no ban, and the password where there is one
    std::uint32_t admitted_with = 0;       // the password's version then
    std::uint64_t password_ticket = 0;     // of the check under way; 0: none
    std::int64_t typing_said_ms = 0;       // when it last said that it types; 0: it does not
    std::vector<wire::SendMessage> early;  // said before `joined` was answered

    [[nodiscard]] bool joined() const { return state == State::catching_up || state == State::live; }
};

}  // namespace roomcast::edge
