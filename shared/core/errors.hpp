#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast {

/// The closed list of ways in which a request can fail. Each has a name that clients see, says whether
/// trying again can help and, where waiting helps, how long (docs/protocol.md lists them).
enum class Errc : std::uint8_t {
    bad_frame,       // not JSON, not an object, a field missing or of the wrong kind
    unknown_type,    // a frame type that does not exist
    bad_room,        // not a room slug
    bad_id,          // not a message id
    text_too_long,   // more than limits::message_text_bytes
    not_a_member,    // the session has not joined that room
    too_many_rooms,  // the session is in limits::rooms_per_session rooms
    no_such_room,    // the room does not exist (or may not be seen)
    room_gone,       // the room was deleted, or its log was lost; join again for a new one
    name_taken,      // a name that somebody else has
    bad_nick,        // not a user name
    bad_password,    // not a password that could be set: empty, too long, or with a zero byte
    wrong_password,  // of an account or a private room; an unknown account says the same
    bad_token,       // missing, malformed, forged or expired
    banned,          // the room's owner wants you out
    forbidden,       // known who you are, and it is not allowed
    not_found,       // no such page or resource
    method_not_allowed,
    too_large,        // a body, header or frame above its limit
    rate_limited,     // too fast; retry_after_ms tells
    busy,             // a queue is full; nothing was kept
    unavailable,      // the log or every worker is out of reach; nothing was kept
    unknown_outcome,  // it may or may not have been kept; send again with the same id
    restarting,       // this node is going away; nothing was kept
    internal,         // a defect of ours
};
inline constexpr std::uint8_t errc_count = static_cast<std::uint8_t>(Errc::internal) + 1;

/// The name on the wire, such as "not_a_member".
[[nodiscard]] std::string_view name_of(Errc code);
/// A sentence for people.
[[nodiscard]] std::string_view text_of(Errc code);
/// Whether the same request, sent again later, can succeed.
[[nodiscard]] bool retryable(Errc code);
/// How long to wait before that, where waiting helps.
[[nodiscard]] std::optional<int> retry_after_ms(Errc code);
/// The HTTP status that carries this error.
[[nodiscard]] unsigned http_status_of(Errc code);

/// A failure that was foreseen: what, a detail for the reader of a log or an error frame, and the wait where
/// it is known better than by the code.
struct Error {
    Errc code = Errc::internal;
    std::string detail;
    int retry_after_ms = 0;  // to wait so long instead of what the code itself says; 0: as the code says
};

/// How long to wait before the same request, where waiting helps.
[[nodiscard]] std::optional<int> retry_after_ms(const Error& error);

/// The closed list of WebSocket close codes that this server sends (RFC 6455 and our own 4xxx).
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_text = 1007,
    policy = 1008,
    too_big = 1009,
    internal_error = 1011,
    restarting = 1012,
    try_later = 1013,
    token_expired = 4001,
    removed = 4002,
    too_slow = 4008,
};
[[nodiscard]] std::string_view reason_of(CloseCode code);

}  // namespace roomcast
