#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "shared/core/limits.hpp"
#include "shared/core/room_info.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/deflate.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::edge {

class Session;
struct Membership;

/// One room as one shard holds it: its live members, and its newest frames for those who are just catching
/// up.
///
/// Owned by the shard, used on its thread only. The fan-out is `deliver`: each entry becomes one WebSocket
/// frame, shared by all members. A member whose outbox is full leaves the live list and is caught up from the
/// log later on.
class ShardRoom {
public:
    struct Frame {
        Seq seq;
        net::SharedFrame frame;
    };

    ShardRoom(RoomSlug slug, std::uint64_t generation) : slug_(std::move(slug)), generation_(generation) {}

    [[nodiscard]] const RoomSlug& slug() const { return slug_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] bool open() const { return info_ != nullptr; }
    [[nodiscard]] const Epoch& epoch() const { return info_->log.epoch; }
    /// Once it is open.
    [[nodiscard]] const RoomInfo& info() const { return *info_; }
    void change(std::shared_ptr<const RoomInfo> info) { info_ = std::move(info); }
    [[nodiscard]] Seq delivered() const { return delivered_; }

    void opened(std::shared_ptr<const RoomInfo> info, Seq position);

    /// Hands entries to all live members, compressed once for all who take it so. Returns the number of
    /// deliveries; members that could not take more are in `lagging`.
    std::size_t deliver(std::span<const link::Entry> entries, std::vector<Membership*>& lagging,
                        net::Compression* compression = nullptr);

    /// Makes a member live if what it lacks after `last` is in the ring (that is sent first); else answers
    /// false.
    [[nodiscard]] bool go_live(Membership& member);
    void leave_live(Membership& member);

    /// Sends a frame that may be lost to all who have joined, but for one session and for those who are owed
    /// much already.
    std::size_t tell(const net::SharedFrame& frame, const Session* but);
    [[nodiscard]] std::uint32_t count() const {
        return std::max(count_, static_cast<std::uint32_t>(members.size()));
    }
    void count(std::uint32_t people) { count_ = people; }

    /// Every session that is in the room or on its way, live or not.
    std::vector<Membership*> members;

private:
    struct Live {
        net::Connection* connection;
        Seq last;
        Membership* member;
        bool deflates;
    };
    void remember(Seq seq, net::SharedFrame frame);
    void forget(Seq seq);  // it was deleted

    RoomSlug slug_;
    std::uint64_t generation_;
    std::shared_ptr<const RoomInfo> info_;
    Seq delivered_;
    std::uint32_t count_ = 0;  // of all edges, as last told
    Seq ring_floor_;           // the ring holds every message above this
    std::deque<Frame> ring_;
    std::size_t ring_bytes_ = 0;
    std::vector<Live> live_;
    std::size_t deflating_ = 0;  // of these
};

}  // namespace roomcast::edge
