#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "shared/core/ids.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/result.hpp"
#include "shared/core/room_info.hpp"
#include "shared/core/time.hpp"
#include "shared/wire/link_calls.hpp"

/// What an edge and a worker say to each other, as values. In local mode they are handed over as they are;
/// between nodes `link_codec.hpp` puts them into frames. Order within one link is kept, both ways.
namespace roomcast::link {

/// The edge's number for one subscription on one link; never used again on that link.
struct SubId {
    std::uint32_t value = 0;
    auto operator<=>(const SubId&) const = default;
};

// Edge to worker.

/// Opens a room (making it first, where `create` says so) and asks for its messages after `after`; without an
/// epoch, from now on. Answered by Subscribed, then Messages; or by Refused.
struct Subscribe {
    SubId sub;
    RoomSlug room;
    bool create = false;
    Actor creator;
    Epoch epoch;  // empty: whichever incarnation there is, from now on
    Seq after;    // with an epoch only
};
struct Unsubscribe {
    SubId sub;
};
/// Asks for messages of a subscribed room. Answered by HistoryPage with the same request id.
struct ReadHistory {
    enum class Kind : std::uint8_t { latest, before, after, from_time };
    RequestId request;
    SubId sub;
    Kind kind = Kind::latest;
    Seq seq;          // before, after
    TimeMs time = 0;  // from_time
    int limit = limits::history_default_messages;
    Seq at_least;  // answer only when the room has been read up to here
};
/// Somebody in a room.
struct Person {
    SessionId session;
    UserName user;
    bool operator==(const Person&) const = default;
};
/// Who of this edge came to a room and who left. `reset`: these are all, whatever was said before.
struct RosterChange {
    SubId sub;
    bool reset = false;
    std::vector<Person> joined;
    std::vector<SessionId> left;
};
struct SayTyping {
    SubId sub;
    Person who;
    bool typing = false;
};
/// For one session in the room, wherever it is. Answered by SignalRefused when it is not there.
struct SendSignal {
    RequestId request;
    SubId sub;
    Person from;
    SessionId to;
    std::string data;  // JSON
};
/// Answered by MembersPage.
struct AskMembers {
    RequestId request;
    SubId sub;
};
using Request =
    std::variant<Subscribe, Unsubscribe, ReadHistory, RosterChange, SayTyping, SendSignal, AskMembers, Call>;

// Worker to edge.

/// The subscription stands: Messages will hold everything after `position`, once, in rising seq.
struct Subscribed {
    SubId sub;
    Seq position;
    RoomInfo room;
};
/// The room's owner has changed something.
struct RoomChanged {
    SubId sub;
    RoomInfo room;
};
/// That user is to leave the room now.
struct Kicked {
    SubId sub;
    FoldedName user;
};
/// The subscription does not stand, or stands no longer (`room_gone`, `unavailable`).
struct Refused {
    SubId sub;
    Error error;
};
/// One record of a room. Either a message, whose `frame` is the client's frame (JSON text), or, with an empty
/// frame, one that nobody is shown: a repeat, whose first appearance has the seq `first`, or a message that
/// was deleted. `hides`: this one deletes the message of that seq.
struct Entry {
    Seq seq;
    TimeMs time = 0;
    Seq first;
    std::string frame;
    Seq hides{};
    [[nodiscard]] bool shown() const { return !frame.empty(); }
};
struct RoomMessages {
    SubId sub;
    std::vector<Entry> entries;
};
/// A turn's worth of messages, for any number of rooms.
struct Messages {
    std::vector<RoomMessages> rooms;
};
/// Messages oldest first. `covered`: everything that the question asked for up to this seq is here, so that
/// what follows live begins right after it. `more`: there is more in the asked direction. `log_first`,
/// `log_last`: what the log holds.
struct HistoryPage {
    RequestId request;
    std::vector<Entry> entries;
    Seq covered;
    bool more = false;
    Seq log_first;
    Seq log_last;
};
struct HistoryRefused {
    RequestId request;
    Error error;
};
/// The worker is going away: subscribe elsewhere, then unsubscribe here.
struct Draining {};
/// Who is in a room. `full`: `joined` lists everybody. In rooms above limits::presence_listed_members only
/// `count` is told.
struct Presence {
    SubId sub;
    bool full = false;
    std::vector<Person> joined;
    std::vector<Person> left;
    std::uint32_t count = 0;
};
struct TypingSaid {
    SubId sub;
    Person who;
    bool typing = false;
};
struct SignalSent {
    SubId sub;
    Person from;
    SessionId to;
    std::string data;
};
struct SignalRefused {
    RequestId request;
    Error error;
};
struct MembersPage {
    RequestId request;
    std::vector<Person> members;
    std::uint32_t count = 0;
};
using Event = std::variant<Subscribed, Refused, Messages, HistoryPage, HistoryRefused, Draining, Presence,
                           TypingSaid, SignalSent, SignalRefused, MembersPage, RoomChanged, Kicked, Returned>;

}  // namespace roomcast::link
