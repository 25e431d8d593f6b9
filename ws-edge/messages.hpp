#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "shared/auth/client_address.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/channel/channel.hpp"
#include "shared/core/room_info.hpp"
#include "shared/net/http.hpp"
#include "shared/wire/link_messages.hpp"

/// What shards and the core say to each other. Each side collects what it has to say in one turn of its loop
/// and posts it to the other's loop at once.
namespace roomcast::edge {

/// A session's number within the process; never used again.
struct SessionKey {
    std::uint64_t value = 0;
    auto operator<=>(const SessionKey&) const = default;
};
using ShardIndex = std::uint32_t;

// Shard to core.

/// This shard has members in the room (or soon will): answered by RoomOpened or RoomRefused.
struct OpenRoom {
    RoomSlug room;
    Actor creator;
    bool create = false;  // where it is missing
    std::uint64_t generation =
        0;  // of the shard's room: answers to an earlier one of that name are not mistaken for ours
};
/// This shard has no members left there.
struct CloseRoom {
    RoomSlug room;
};
/// Asks for messages of an open room; answered by PageArrived with the same session and ticket.
struct AskPage {
    RoomSlug room;
    SessionKey session;
    std::uint64_t ticket = 0;
    link::ReadHistory question;  // its request and sub are filled in by the core
};
/// Appends a message; answered by PublishDone.
struct Publish {
    RoomSlug room;
    Epoch epoch;
    SessionKey session;
    auth::AddressKey address;
    channel::Record record;
};
/// Who of this shard came to an open room and who left.
struct PeopleChanged {
    struct Arrival {
        link::Person person;
        SessionKey key;
    };
    RoomSlug room;
    std::vector<Arrival> joined;
    std::vector<SessionId> left;
};
struct TellTyping {
    RoomSlug room;
    link::Person who;
    bool typing = false;
};
/// Answered by SignalFailed, or not at all.
struct TellSignal {
    RoomSlug room;
    SessionKey session;
    std::string id;  // of the client's frame
    link::Person from;
    SessionId to;
    std::string data;
};
/// Answered by MembersArrived.
struct ListMembers {
    RoomSlug room;
    SessionKey session;
    std::string id;
};
/// Whether a password is the room's; without a hash (there is no such room) it takes as long and is not.
/// Answered by PasswordChecked.
struct CheckPassword {
    RoomSlug room;
    SessionKey session;
    std::uint64_t ticket = 0;
    auth::AddressKey address;
    FoldedName user;
    std::string password;
    std::string hash;
};
/// A guest's session begins, or has ended. Answered by NickLost where the nick is another's.
struct NickInUse {
    SessionKey session;
    FoldedName nick;
    std::string token;
    bool in_use = true;
};
/// Uses a ticket up. Answered by TicketTaken.
struct TakeTicket {
    SessionKey client;
    std::string ticket_id;
    TimeMs expires = 0;
};
/// A request that is answered from behind the shard. Answered by HttpAnswered, once.
struct HttpTask {
    SessionKey client;
    net::http::Request request;
    std::optional<auth::Claims> claims;  // where there was a token, and it is good
    auth::AddressKey address;
    bool tls = false;
};
using CoreCommand = std::variant<OpenRoom, CloseRoom, AskPage, Publish, PeopleChanged, TellTyping, TellSignal,
                                 ListMembers, CheckPassword, NickInUse, TakeTicket, HttpTask>;

// Core to shard.

struct RoomOpened {
    RoomSlug room;
    std::uint64_t generation = 0;
    std::shared_ptr<const RoomInfo> info;
    Seq position;  // RoomBatch holds everything after it
};
/// The room's owner has changed something.
struct RoomInfoChanged {
    RoomSlug room;
    std::uint64_t generation = 0;
    std::shared_ptr<const RoomInfo> info;
};
/// That user is to leave the room.
struct UserKicked {
    RoomSlug room;
    FoldedName user;
};
struct RoomRefused {
    RoomSlug room;
    std::uint64_t generation = 0;
    Error error;
};
/// An open room is lost: deleted, or its log is.
struct RoomClosed {
    RoomSlug room;
    std::uint64_t generation = 0;
    Error error;
};
/// Entries of an open room in rising seq; shared by all shards, so never changed.
struct RoomBatch {
    RoomSlug room;
    std::shared_ptr<const std::vector<link::Entry>> entries;
};
struct PageArrived {
    SessionKey session;
    std::uint64_t ticket = 0;
    Result<link::HistoryPage> page;
};
struct PublishDone {
    SessionKey session;
    RoomSlug room;
    MessageId id;
    Result<Seq> outcome;
};
struct PresenceChanged {
    RoomSlug room;
    std::vector<link::Person> joined;
    std::vector<link::Person> left;
    std::uint32_t count = 0;
};
struct TypingHeard {
    RoomSlug room;
    link::Person who;
    bool typing = false;
};
struct SignalArrived {
    RoomSlug room;
    SessionKey session;
    link::Person from;
    std::string data;
};
struct SignalFailed {
    RoomSlug room;
    SessionKey session;
    std::string id;
    Error error;
};
struct MembersArrived {
    RoomSlug room;
    SessionKey session;
    std::string id;
    Result<link::MembersPage> page;
};
struct PasswordChecked {
    SessionKey session;
    std::uint64_t ticket = 0;
    Result<void> outcome;  // `wrong_password`, or why it could not be checked
};
struct NickLost {
    SessionKey session;
};
struct TicketTaken {
    SessionKey client;
    Result<void> outcome;
};
struct HttpAnswered {
    SessionKey client;
    net::http::Response response;
};
/// A token is no longer good; its sessions end.
struct TokenRevoked {
    std::string token_id;
    TimeMs expires = 0;
    std::string reason;
};
/// The same for all tokens of a user that were issued before.
struct UserRevoked {
    FoldedName user;
    TimeMs issued_before = 0;
    TimeMs expires = 0;
    std::string reason;
};
using ShardEvent =
    std::variant<RoomOpened, RoomRefused, RoomClosed, RoomBatch, PageArrived, PublishDone, PresenceChanged,
                 TypingHeard, SignalArrived, SignalFailed, MembersArrived, RoomInfoChanged, UserKicked,
                 PasswordChecked, NickLost, TicketTaken, HttpAnswered, TokenRevoked, UserRevoked>;

}  // namespace roomcast::edge
