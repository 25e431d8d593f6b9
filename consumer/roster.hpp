#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consumer/peer.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::consumer {

/// Who is in one room, as its edges tell: soft state that they tell again after a take-over.
///
/// Owned by a RoomHub, lives on the consumer's thread. Changes travel together after
/// limits::presence_coalesce_ms; a new roster waits limits::presence_settle_ms for all edges first, and
/// members of an edge that vanished stay for limits::presence_grace_ms. What it says goes to the room's
/// subscribers through `tell`, and may be lost.
class Roster {
public:
    /// Sends an event to every subscriber: the function makes it for each one's subscription.
    using Tell = std::function<void(const std::function<link::Event(link::SubId)>&)>;

    Roster(boost::asio::io_context& io, Tell tell);
    ~Roster();
    Roster(const Roster&) = delete;
    Roster& operator=(const Roster&) = delete;

    void change(PeerId peer, const link::RosterChange& change);
    /// The edge has no subscription here any more.
    void drop_peer(PeerId peer);
    void say_typing(const link::Person& who, bool typing);

    /// What a new subscriber is told at once; nothing while the roster settles.
    [[nodiscard]] std::optional<link::Presence> snapshot(link::SubId sub) const;
    [[nodiscard]] link::MembersPage page(link::RequestId request) const;
    /// The edge that a session is at.
    [[nodiscard]] std::optional<PeerId> find(const SessionId& session) const;
    [[nodiscard]] std::size_t size() const { return members_.size(); }
    [[nodiscard]] bool empty() const { return members_.empty(); }

private:
    using Clock = std::chrono::steady_clock;
    struct Member {
        UserName user;
        PeerId peer;
        bool orphaned = false;
        Clock::time_point gone_at{};  // when orphaned: counted until then
    };
    struct Typist {
        UserName user;
        Clock::time_point until;
    };

    void remove(const SessionId& session);
    void schedule();
    void publish();
    void sweep();
    void watch();

    Tell tell_;
    std::unordered_map<SessionId, Member> members_;
    std::map<SessionId, UserName> joined_;  // since the last publication
    std::map<SessionId, UserName> left_;
    std::unordered_map<SessionId, Typist> typing_;
    Clock::time_point settles_at_;
    bool was_counts_ = true;  // the list was not told, or not lately: the next one is told whole
    bool scheduled_ = false;
    bool watching_ = false;
    boost::asio::steady_timer publish_timer_;
    boost::asio::steady_timer sweep_timer_;
};

}  // namespace roomcast::consumer
