#include "ws-edge/shard_room.hpp"

#include <algorithm>

#include "shared/net/websocket.hpp"
#include "ws-edge/membership.hpp"

namespace roomcast::edge {

void ShardRoom::opened(std::shared_ptr<const RoomInfo> info, Seq position) {
    info_ = std::move(info);
    delivered_ = position;
    ring_floor_ = position;
}

void ShardRoom::remember(Seq seq, net::SharedFrame frame) {
    ring_bytes_ += frame.size();
    ring_.push_back({seq, std::move(frame)});
    while (ring_.size() > limits::room_ring_messages ||
           (ring_bytes_ > limits::room_ring_bytes && ring_.size() > 1)) {
        ring_floor_ = ring_.front().seq;
        ring_bytes_ -= ring_.front().frame.size();
        ring_.pop_front();
    }
}

void ShardRoom::forget(Seq seq) {
    std::erase_if(ring_, [&](const Frame& kept) {
        if (kept.seq != seq) return false;
        ring_bytes_ -= kept.frame.size();
        return true;
    });
}

std::size_t ShardRoom::deliver(std::span<const link::Entry> entries, std::vector<Membership*>& lagging,
                               net::Compression* compression) {
    std::size_t deliveries = 0;
    for (const auto& entry : entries) {
        delivered_ = entry.seq;
        if (entry.hides != Seq::none()) forget(entry.hides);
        if (!entry.shown()) continue;
        const net::SharedFrame frame = net::ws::encode_text({entry.frame});
        net::SharedFrame compressed = frame;
        if (deflating_ > 0 && compression != nullptr)
            if (auto shorter = compression->frame_of(entry.frame)) compressed = std::move(*shorter);
        for (std::size_t i = 0; i < live_.size();) {
            Live& live = live_[i];
            if (entry.seq <= live.last) {
                ++i;
                continue;
            }
            if (live.connection->owed_bytes() + frame.size() > limits::outbox_bytes) {
                Membership* const behind = live.member;
                leave_live(*behind);  // puts another member in this place
                lagging.push_back(behind);
                continue;
            }
            live.last = entry.seq;
            live.connection->send(live.deflates ? compressed : frame);
            ++deliveries;
            ++i;
        }
        remember(entry.seq, frame);
    }
    return deliveries;
}

std::size_t ShardRoom::tell(const net::SharedFrame& frame, const Session* but) {
    std::size_t told = 0;
    for (Membership* const member : members) {
        if (member->session == but || !member->joined()) continue;
        if (member->connection->owed_bytes() > limits::ephemeral_outbox_bytes) continue;
        member->connection->send(frame);
        ++told;
    }
    return told;
}

bool ShardRoom::go_live(Membership& member) {
    if (member.last < delivered_) {
        if (member.last < ring_floor_) return false;
        for (const auto& kept : ring_)
            if (kept.seq > member.last) member.connection->send(kept.frame);
        member.last = delivered_;
    }
    member.state = Membership::State::live;
    member.live_index = live_.size();
    live_.push_back(Live{member.connection, member.last, &member, member.deflates});
    if (member.deflates) ++deflating_;
    return true;
}

void ShardRoom::leave_live(Membership& member) {
    if (member.state != Membership::State::live) return;
    const std::size_t at = member.live_index;
    member.last = std::max(live_[at].last, member.last);
    member.state = Membership::State::catching_up;
    if (member.deflates) --deflating_;
    live_[at] = live_.back();
    live_[at].member->live_index = at;
    live_.pop_back();
}

}  // namespace roomcast::edge
