#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast {

/// A string that is an id of one kind and of no other.
///
/// A value, free of threads. `parse` is the only way in from outside and knows the kind's grammar;
/// `trusted` is for text that this program itself made or has checked already.
template <class Tag>
class StringId {
public:
    StringId() = default;

    [[nodiscard]] static std::optional<StringId> parse(std::string_view text) {
        if (!Tag::valid(text)) return std::nullopt;
        return StringId(std::string(text));
    }
    [[nodiscard]] static StringId trusted(std::string text) { return StringId(std::move(text)); }

    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }
    auto operator<=>(const StringId&) const = default;

private:
    explicit StringId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// Grammar of each string id. Lengths are bytes; see limits.hpp.
struct RoomSlugTag {
    static bool valid(std::string_view text);  // [a-z0-9][a-z0-9_-]{0,63}
};
struct EpochTag {
    static bool valid(std::string_view text);  // [a-z0-9]{1,32}
};
struct MessageIdTag {
    static bool valid(std::string_view text);  // 1 to 64 printable ASCII characters, no space
};
struct UserNameTag {
    static bool valid(std::string_view text);  // 1 to 64 bytes of UTF-8, no control characters, trimmed
};
struct FoldedNameTag {
    static bool valid(std::string_view text);  // UTF-8 as fold_name makes it (names.hpp); not looked into
};
struct SessionIdTag {
    static bool valid(std::string_view text);  // [a-z0-9-]{1,64}
};
struct NodeIdTag {
    static bool valid(std::string_view text);  // [a-zA-Z0-9][a-zA-Z0-9._-]{0,63}
};
struct TicketIdTag {
    static bool valid(std::string_view text);  // [a-z0-9]{1,64}
};

using RoomSlug = StringId<RoomSlugTag>;
using Epoch = StringId<EpochTag>;
using MessageId = StringId<MessageIdTag>;
using UserName = StringId<UserNameTag>;
using FoldedName = StringId<FoldedNameTag>;  // what accounts are told apart by
using SessionId = StringId<SessionIdTag>;
using NodeId = StringId<NodeIdTag>;
using TicketId = StringId<TicketIdTag>;

/// A message's position in its room: the Kafka offset, or the row of the embedded log.
/// Rises strictly within an epoch; gaps are legal. `none` stands before the first message.
struct Seq {
    std::int64_t value = -1;

    static constexpr Seq none() { return Seq{-1}; }
    [[nodiscard]] constexpr Seq next() const { return Seq{value + 1}; }
    [[nodiscard]] constexpr Seq previous() const { return Seq{value - 1}; }
    constexpr auto operator<=>(const Seq&) const = default;
};

/// One of `slot_count` shares of all rooms. A room's slot depends on its slug alone, so every node agrees.
struct Slot {
    std::uint16_t value = 0;
    constexpr auto operator<=>(const Slot&) const = default;
};
inline constexpr std::uint16_t slot_count = 64;
[[nodiscard]] Slot slot_of(const RoomSlug& room);
/// Accounts are spread over the same slots, by the same hash.
[[nodiscard]] Slot slot_of(const FoldedName& name);

/// A room's incarnation, and so the name of one log.
struct LogId {
    RoomSlug room;
    Epoch epoch;
    auto operator<=>(const LogId&) const = default;
};

/// Random, unguessable ids (128 bits for sessions and tickets, 64 for epochs).
[[nodiscard]] Epoch make_epoch();
[[nodiscard]] SessionId make_session_id();
[[nodiscard]] MessageId make_message_id();
[[nodiscard]] TicketId make_ticket_id();

}  // namespace roomcast

template <class Tag>
struct std::hash<roomcast::StringId<Tag>> {
    std::size_t operator()(const roomcast::StringId<Tag>& id) const noexcept {
        return std::hash<std::string>{}(id.str());
    }
};
template <>
struct std::hash<roomcast::LogId> {
    std::size_t operator()(const roomcast::LogId& id) const noexcept {
        return std::hash<std::string>{}(id.room.str()) * 31 + std::hash<std::string>{}(id.epoch.str());
    }
};
