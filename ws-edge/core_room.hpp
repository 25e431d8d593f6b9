#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/wire/link_messages.hpp"
#include "ws-edge/messages.hpp"

namespace roomcast::edge {

/// One room as the core holds it: who wants it, where it is read, how far, and whose acks wait for the
/// reading. A part of Core; plain data.
struct CoreRoom {
    struct Subscription {
        NodeId worker;
        link::SubId sub;
        std::chrono::steady_clock::time_point since;
    };
    struct Waiting {
        Seq seq;
        channel::AppendTicket ticket;
    };
    static constexpr std::size_t repeats_kept = 4096;  // more than can be between an append and its reading

    RoomSlug slug;
    Actor creator;
    bool create = false;                   // where it is missing
    Epoch epoch;                           // empty until the room is open; then it stays
    bool gone = false;                     // no longer the core's; who waits for an ack may hold it still
    std::shared_ptr<const RoomInfo> info;  // likewise none
    Seq position;                          // the last seq handed to the shards
    std::map<ShardIndex, std::uint64_t> shards;  // who wants it, and the generation of their room
    std::size_t unanswered = 0;                  // messages appended and not yet answered
    /// Who needs the room open for one question: HTTP.
    using Visit = std::function<void(const Result<std::shared_ptr<const RoomInfo>>&)>;
    std::vector<Visit> visits;  // wait until it is open
    std::size_t visitors = 0;   // are in
    std::optional<Subscription> active;
    std::optional<Subscription> pending;
    std::chrono::steady_clock::time_point opening_since;
    std::deque<Waiting> waiting;  // in the log, not yet read back; in rising seq
    std::map<Seq, Seq> repeats;   // of late: a repeat's seq, and the seq of its first

    struct Member {
        UserName user;
        ShardIndex shard;
        SessionKey key;
    };
    std::map<SessionId, Member> people;  // of this edge
    std::map<SessionId, UserName>
        everyone;  // of all edges, as the worker tells; empty where it tells counts alone
    std::uint32_t count = 0;

    [[nodiscard]] bool open() const { return !epoch.empty(); }
    /// Nothing of its reading is to be waited for or tried again.
    [[nodiscard]] bool settled() const { return open() && active && !pending; }
    [[nodiscard]] bool used() const {
        return !shards.empty() || unanswered > 0 || visitors > 0 || !visits.empty();
    }
    [[nodiscard]] Seq first_of(Seq seq) const {
        const auto repeat = repeats.find(seq);
        return repeat == repeats.end() ? seq : repeat->second;
    }
};

}  // namespace roomcast::edge
