#include "shared/core/errors.hpp"

#include <array>
#include <cstddef>

namespace roomcast {
namespace {

struct Entry {
    Errc code;
    std::string_view name;
    std::string_view text;
    bool retryable;
    int retry_after_ms;  // 0: waiting does not help, or nobody knows how long
    unsigned http_status;
};

constexpr std::array<Entry, errc_count> entries{{
    {Errc::bad_frame, "bad_frame", "the frame is not what the protocol asks for", false, 0, 400},
    {Errc::unknown_type, "unknown_type", "there is no frame of that type", false, 0, 400},
    {Errc::bad_room, "bad_room", "a room's name is made of a-z, 0-9, _ and -, at most 64 of them", false, 0,
     400},
    {Errc::bad_id, "bad_id", "an id is made of 1 to 64 printable ASCII characters without spaces", false, 0,
     400},
    {Errc::text_too_long, "text_too_long", "the text is longer than a message may be", false, 0, 413},
    {Errc::not_a_member, "not_a_member", "join the room first", false, 0, 403},
    {Errc::too_many_rooms, "too_many_rooms", "leave a room before joining another", false, 0, 409},
    {Errc::no_such_room, "no_such_room", "there is no such room", false, 0, 404},
    {Errc::room_gone, "room_gone", "the room is gone; join again to get a new one", false, 0, 410},
    {Errc::name_taken, "name_taken", "that name is taken", false, 0, 409},
    {Errc::bad_nick, "bad_nick", "a nick has 1 to 64 bytes, no control characters, no space at its ends",
     false, 0, 400},
    {Errc::bad_password, "bad_password", "a password has 1 to 72 bytes and no zero byte", false, 0, 400},
    {Errc::wrong_password, "wrong_password", "the name or the password is wrong", false, 0, 401},
    {Errc::bad_token, "bad_token", "the token is missing, not valid, or has run out", false, 0, 401},
    {Errc::banned, "banned", "the room's owner has banned you", false, 0, 403},
    {Errc::forbidden, "forbidden", "that is not allowed", false, 0, 403},
    {Errc::not_found, "not_found", "there is nothing here", false, 0, 404},
    {Errc::method_not_allowed, "method_not_allowed", "not with that method", false, 0, 405},
    {Errc::too_large, "too_large", "larger than the limit", false, 0, 413},
    {Errc::rate_limited, "rate_limited", "too many at once; slow down", true, 1000, 429},
    {Errc::busy, "busy", "the server's queue is full; nothing was kept", true, 500, 503},
    {Errc::unavailable, "unavailable", "the log is out of reach; nothing was kept", true, 1000, 503},
    {Errc::unknown_outcome, "unknown_outcome", "it may have been kept; send it again with the same id", true,
     1000, 504},
    {Errc::restarting, "restarting", "this node is restarting; come back in a moment", true, 1000, 503},
    {Errc::internal, "internal", "the server made a mistake", false, 0, 500},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (static_cast<std::size_t>(entries[i].code) != i) return false;
    return true;
}
static_assert(in_order(), "the table follows the enumeration");

const Entry& entry_of(Errc code) { return entries.at(static_cast<std::size_t>(code)); }

}  // namespace

std::string_view name_of(Errc code) { return entry_of(code).name; }
std::string_view text_of(Errc code) { return entry_of(code).text; }
bool retryable(Errc code) { return entry_of(code).retryable; }
std::optional<int> retry_after_ms(Errc code) {
    const int wait = entry_of(code).retry_after_ms;
    return wait > 0 ? std::optional<int>(wait) : std::nullopt;
}
std::optional<int> retry_after_ms(const Error& error) {
    return error.retry_after_ms > 0 ? std::optional<int>(error.retry_after_ms) : retry_after_ms(error.code);
}
unsigned http_status_of(Errc code) { return entry_of(code).http_status; }

std::string_view reason_of(CloseCode code) {
    switch (code) {
        case CloseCode::normal:
            return "bye";
        case CloseCode::going_away:
            return "going away";
        case CloseCode::protocol_error:
            return "protocol error";
        case CloseCode::unsupported_data:
            return "text frames only";
        case CloseCode::invalid_text:
            return "not valid UTF-8";
        case CloseCode::policy:
            return "policy";
        case CloseCode::too_big:
            return "frame too big";
        case CloseCode::internal_error:
            return "internal error";
        case CloseCode::restarting:
            return "restarting, come back";
        case CloseCode::try_later:
            return "try later";
        case CloseCode::token_expired:
            return "token expired";
        case CloseCode::removed:
            return "removed";
        case CloseCode::too_slow:
            return "too slow";
    }
    return "";
}

}  // namespace roomcast
