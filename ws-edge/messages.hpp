#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "shared/channel/channel.hpp"
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
    UserName creator;
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
using CoreCommand =
    std::variant<OpenRoom, CloseRoom, AskPage, Publish, PeopleChanged, TellTyping, TellSignal, ListMembers>;

// Core to shard.

struct RoomOpened {
    RoomSlug room;
    std::uint64_t generation = 0;
    Epoch epoch;
    Seq position;  // RoomBatch holds everything after it
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
using ShardEvent = std::variant<RoomOpened, RoomRefused, RoomClosed, RoomBatch, PageArrived, PublishDone,
                                PresenceChanged, TypingHeard, SignalArrived, SignalFailed, MembersArrived>;

}  // namespace roomcast::edge
