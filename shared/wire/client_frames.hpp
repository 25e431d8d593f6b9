#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/core/errors.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"

/// What clients say, as values. docs/protocol.md describes the frames.
namespace roomcast::wire {

/// Where a client that comes back had got to.
struct ResumeFrom {
    Epoch epoch;
    Seq since;
};
struct Join {
    RoomSlug room;
    std::optional<ResumeFrom> resume;
    int last = limits::history_default_messages;  // history wanted when not resuming
    std::string id;                               // echoed as it came
    std::optional<std::string> password;          // of a private room
};
struct Leave {
    RoomSlug room;
    std::string id;
};
struct SendMessage {
    RoomSlug room;
    MessageId id;
    std::string text;
};
struct Typing {
    RoomSlug room;
    bool typing = false;
    std::string id;  // echoed should it be refused
};
struct ReadHistory {
    enum class Kind : std::uint8_t { latest, before, after, from_time };
    RoomSlug room;
    std::string id;  // echoed as it came
    Kind kind = Kind::latest;
    Seq seq;
    TimeMs time = 0;
    int limit = limits::history_default_messages;
};
struct AskMembers {
    RoomSlug room;
    std::string id;
};
struct Signal {
    RoomSlug room;
    SessionId to;
    std::string data;  // JSON, as it came
    std::string id;
};
struct Refresh {
    std::string token;
};
using ClientFrame = std::variant<Join, Leave, SendMessage, Typing, ReadHistory, AskMembers, Signal, Refresh>;

/// A frame that cannot be taken: why, and what of it can be echoed in the answer.
struct BadFrame {
    Error error;
    std::string id;
    std::string room;
};
using ParsedFrame = std::variant<ClientFrame, BadFrame>;

/// Reads one text frame. `only_room` is the room that a frame without `type` or `room` means: that of a
/// session that joined exactly one. Never throws; any text at all gives a frame or a BadFrame. A message
/// without an id is given one.
[[nodiscard]] ParsedFrame parse_client_frame(std::string_view text, const RoomSlug* only_room);

/// The limit of `last` and `limit`: who asks for more gets the most.
[[nodiscard]] int clamp_history(std::int64_t asked);

}  // namespace roomcast::wire
