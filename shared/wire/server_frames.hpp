#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/core/errors.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

/// What the server says to clients, as JSON texts. docs/protocol.md describes the frames.
namespace roomcast::wire {

/// `text` as the inside of a JSON string: quotes, backslashes and control characters escaped. Needs valid
/// UTF-8.
void append_escaped(std::string& out, std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);

/// A message as it stands in the log: without its seq. Begins with `record_prefix(room)`.
[[nodiscard]] std::string message_record(const RoomSlug& room, const MessageId& id, const UserName& user,
                                         std::string_view text, TimeMs time);
/// The record that deletes another message: `{"type":"message","room":"<slug>","deletes":5,…,"text":""…}`.
[[nodiscard]] std::string deletion_record(const RoomSlug& room, const MessageId& id, const UserName& user,
                                          Seq deleted, TimeMs time);
/// The seq that a record deletes; none where it is a message like any other.
[[nodiscard]] Seq deletes(std::string_view record, std::size_t prefix_bytes);
/// `{"type":"message","room":"<slug>",`, by which records that are ours are known.
[[nodiscard]] std::string record_prefix(const RoomSlug& room);
/// The client's frame of a record: the seq put in behind the prefix.
[[nodiscard]] std::string message_frame(std::string_view record, std::size_t prefix_bytes, Seq seq);

[[nodiscard]] std::string welcome_frame(const SessionId& session, const UserName& user, const NodeId& node,
                                        int heartbeat_s);

/// Why a resume was not possible.
enum class NotRecovered { epoch_changed, retention, future_seq };
[[nodiscard]] std::string_view name_of(NotRecovered reason);

struct Joined {
    std::string id;  // of the join frame, where it had one
    RoomSlug room;
    Epoch epoch;
    std::optional<bool> recovered;  // only where a resume was asked for
    std::optional<NotRecovered> reason;
    Seq first;                             // the oldest message that the log holds
    Seq last;                              // the client has everything up to here
    std::optional<std::uint32_t> members;  // where the room's presence is known
    std::string_view title;                // these two empty where there is none
    std::string_view owner;
    bool is_private = false;
};
[[nodiscard]] std::string joined_frame(const Joined& joined, const std::vector<std::string_view>& messages);
/// Somebody in a room, as presence and member lists tell: `{"session","user"}`.
struct Person {
    std::string_view session;
    std::string_view user;
};
[[nodiscard]] std::string presence_frame(const RoomSlug& room, const std::vector<Person>& joined,
                                         const std::vector<Person>& left, std::uint32_t count);
[[nodiscard]] std::string members_frame(const RoomSlug& room, std::string_view id,
                                        const std::vector<Person>& members, std::uint32_t count);
[[nodiscard]] std::string typing_frame(const RoomSlug& room, const UserName& user, bool typing);
/// `data` is JSON.
[[nodiscard]] std::string signal_frame(const RoomSlug& room, const SessionId& from, const UserName& user,
                                       std::string_view data);
/// What a room's owner has settled, to its members.
[[nodiscard]] std::string room_frame(const RoomSlug& room, std::string_view title, std::string_view owner,
                                     bool is_private);
[[nodiscard]] std::string left_frame(const RoomSlug& room, std::string_view id, std::string_view reason);
[[nodiscard]] std::string ack_frame(const RoomSlug& room, const MessageId& id, Seq seq);
[[nodiscard]] std::string history_frame(const RoomSlug& room, std::string_view id,
                                        const std::vector<std::string_view>& messages, bool more);
/// The same over HTTP.
[[nodiscard]] std::string history_body(const LogId& log, const std::vector<std::string_view>& messages,
                                       bool more);
[[nodiscard]] std::string refreshed_frame(TimeMs expires);
[[nodiscard]] std::string error_frame(const Error& error, std::string_view id, std::string_view room);

}  // namespace roomcast::wire
