#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consumer/calls.hpp"
#include "consumer/peer.hpp"
#include "consumer/room_hub.hpp"
#include "consumer/stats.hpp"
#include "shared/channel/channel.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/core/limits.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::consumer {

/// The read path's answers to edges, over whatever link they come.
///
/// Lives on the consumer's thread; outlives its peers' links. Holds the active rooms: one is made when an
/// edge subscribes and put down when nobody has for limits::hub_idle_ms. Rooms in which nothing happens cost
/// no time: nothing looks through all of them.
class Service final : RoomHub::Owner {
public:
    Service(boost::asio::io_context& io, channel::LogReader& reader, channel::RoomDirectory& directory,
            channel::AccountDirectory& accounts, ops::Log& log,
            std::chrono::milliseconds hub_idle = std::chrono::milliseconds(limits::hub_idle_ms));
    ~Service();

    /// A new edge. It must stay until `detach`.
    [[nodiscard]] PeerId attach(Peer& peer);
    void detach(PeerId peer);
    void on_request(PeerId peer, link::Request request);
    /// Tells every edge to go elsewhere.
    void drain();

    [[nodiscard]] const Stats& stats() const { return stats_; }
    [[nodiscard]] std::size_t active_rooms() const { return hubs_.size(); }
    [[nodiscard]] std::size_t peers() const { return peers_.size(); }
    [[nodiscard]] std::size_t subscriptions() const;
    [[nodiscard]] RoomHub* hub_of(const RoomSlug& room) const;
    /// New rooms, and those whose figures changed since they were looked at; for one who asks.
    [[nodiscard]] std::vector<RoomHub*> take_changed();

private:
    struct PeerState {
        Peer* sink;
        std::unordered_map<std::uint32_t, RoomSlug> subs;  // a sub that waits for the directory is here too
    };
    void handle(PeerId peer, PeerState& state, link::Subscribe& request);
    void handle(PeerId peer, PeerState& state, link::Unsubscribe& request);
    void handle(PeerId peer, PeerState& state, link::ReadHistory& request);
    void handle(PeerId peer, PeerState& state, link::RosterChange& request);
    void handle(PeerId peer, PeerState& state, link::SayTyping& request);
    void handle(PeerId peer, PeerState& state, link::SendSignal& request);
    void handle(PeerId peer, PeerState& state, link::AskMembers& request);
    void handle(PeerId peer, PeerState& state, link::Call& request);
    RoomHub* hub_of(const PeerState& state, link::SubId sub);
    void opened(PeerId peer, const link::Subscribe& request, Result<RoomInfo> info);
    void lose(const LogId& log, const Error& error, bool forget_in_directory);
    RoomHub& hub_of(const RoomInfo& room);
    void on_lost(const LogId& log, const Error& why) override;
    void on_changed(RoomHub& hub) override { changed_.insert(&hub); }
    void on_unused(RoomHub& hub) override { unused_.insert(&hub); }
    void on_ended(RoomHub& hub) override;
    RoomHub* active_hub(const LogId& log);
    void put_down_unused();
    void sweep();

    boost::asio::io_context& io_;
    channel::LogReader& reader_;
    channel::RoomDirectory& directory_;
    ops::Log& log_;
    Stats stats_;
    std::map<PeerId, PeerState> peers_;
    std::unordered_set<RoomHub*> changed_;
    std::unordered_set<RoomHub*> unused_;  // or used again since
    std::unordered_map<RoomSlug, std::unique_ptr<RoomHub>> hubs_;
    Calls calls_;
    const std::chrono::milliseconds hub_idle_;
    std::uint64_t next_peer_ = 1;
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
