#include "consumer/service.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {

Service::Service(boost::asio::io_context& io, channel::LogReader& reader, channel::RoomDirectory& directory,
                 channel::AccountDirectory& accounts, ops::Log& log, std::chrono::milliseconds hub_idle)
    : io_(io),
      reader_(reader),
      directory_(directory),
      log_(log),
      calls_(
          reader, directory, accounts,
          [this](PeerId peer, link::RequestId request, link::Reply reply) {
              const auto found = peers_.find(peer);
              if (found != peers_.end()) found->second.sink->send(link::Returned{request, std::move(reply)});
          },
          [this](const LogId& log_id) { return active_hub(log_id); }),
      hub_idle_(hub_idle),
      sweep_timer_(io),
      alive_(std::make_shared<bool>(true)) {
    directory_.on_gone([this](const LogId& gone) { lose(gone, Error{Errc::room_gone, {}}, false); });
    directory_.on_changed([this](const RoomInfo& room) {
        if (RoomHub* const hub = active_hub(room.log)) hub->change(room);
    });
    directory_.on_hidden([this](const LogId& room) {
        if (RoomHub* const hub = active_hub(room)) hub->hide(directory_.hidden(room));
    });
    sweep();
}

Service::~Service() {
    *alive_ = false;
    directory_.on_gone(nullptr);
    directory_.on_changed(nullptr);
    directory_.on_hidden(nullptr);
}

PeerId Service::attach(Peer& peer) {
    const PeerId id{next_peer_++};
    peers_.emplace(id, PeerState{&peer, {}});
    return id;
}

void Service::detach(PeerId peer) {
    if (peers_.erase(peer) == 0) return;
    for (auto& [room, hub] : hubs_) hub->drop_peer(peer);
    calls_.drop_peer(peer);
}

void Service::on_request(PeerId peer, link::Request request) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    std::visit([&](auto& asked) { handle(peer, found->second, asked); }, request);
}

void Service::handle(PeerId peer, PeerState& state, link::Subscribe& request) {
    if (!state.subs.try_emplace(request.sub.value, request.room).second)
        return;  // the edge numbers them once
    const bool create = request.create && request.epoch.empty();
    directory_.open(request.room, create, request.creator,
                    [this, alive = alive_, peer, request](Result<RoomInfo> info) {
                        if (*alive) opened(peer, request, std::move(info));
                    });
}

void Service::opened(PeerId peer, const link::Subscribe& request, Result<RoomInfo> info) {
    const auto found = peers_.find(peer);
    if (found == peers_.end() || !found->second.subs.contains(request.sub.value))
        return;  // thought better of it
    PeerState& state = found->second;
    if (info && !request.epoch.empty() && info->log.epoch != request.epoch) info = Error{Errc::room_gone, {}};
    if (!info && info.error().code == Errc::no_such_room && !request.epoch.empty())
        info = Error{Errc::room_gone, {}};
    if (!info) {
        ++stats_.refusals;
        state.subs.erase(request.sub.value);
        state.sink->send(link::Refused{request.sub, info.error()});
        return;
    }
    const auto after = request.epoch.empty() ? std::nullopt : std::optional<Seq>(request.after);
    hub_of(*info).subscribe(peer, *state.sink, request.sub, after);
}

RoomHub* Service::active_hub(const LogId& log) {
    const auto found = hubs_.find(log.room);
    return found == hubs_.end() || found->second->log() != log ? nullptr : found->second.get();
}

RoomHub& Service::hub_of(const RoomInfo& room) {
    auto& hub = hubs_[room.log.room];
    if (hub && hub->log() != room.log) {
        hub->refuse_all(Error{Errc::room_gone, {}});
        hub.reset();
    }
    RoomHub::Owner& owner = *this;
    if (!hub) hub = std::make_unique<RoomHub>(io_, room, directory_.hidden(room.log), reader_, stats_, owner);
    return *hub;
}

void Service::on_lost(const LogId& log, const Error& why) {
    boost::asio::post(io_, [this, alive = alive_, log, why] {
        if (*alive) lose(log, why, true);
    });
}

void Service::on_ended(RoomHub& hub) {
    changed_.erase(&hub);
    unused_.erase(&hub);
}

std::vector<RoomHub*> Service::take_changed() {
    const auto changed = std::exchange(changed_, {});
    return {changed.begin(), changed.end()};
}

void Service::lose(const LogId& log, const Error& error, bool forget_in_directory) {
    const auto found = hubs_.find(log.room);
    if (found != hubs_.end() && found->second->log() == log) {
        ++stats_.rooms_lost;
        log_.warn("room_lost", {{"room", log.room.str()}, {"epoch", log.epoch.str()}, {"why", error.detail}});
        // Also where the log is still there but shorter than it was: whoever comes back is told how it
        // stands.
        found->second->refuse_all(Error{Errc::room_gone, error.detail});
        hubs_.erase(found);
        for (auto& [peer, state] : peers_)
            std::erase_if(state.subs, [&](const auto& sub) { return sub.second == log.room; });
    } else if (forget_in_directory) {
        return;  // lost already
    }
    if (forget_in_directory && error.code == Errc::room_gone)
        directory_.remove(log, [this, alive = alive_, log](const Result<void>& removed) {
            if (*alive && !removed)
                log_.warn("room_not_forgotten", {{"room", log.room.str()}, {"why", removed.error().detail}});
        });
}

void Service::handle(PeerId peer, PeerState& state, link::Unsubscribe& request) {
    const auto sub = state.subs.find(request.sub.value);
    if (sub == state.subs.end()) return;
    const auto hub = hubs_.find(sub->second);
    if (hub != hubs_.end()) hub->second->unsubscribe(peer, request.sub);
    state.subs.erase(sub);
}

void Service::handle(PeerId peer, PeerState& state, link::ReadHistory& request) {
    if (RoomHub* const hub = hub_of(state, request.sub)) return hub->read(peer, *state.sink, request);
    state.sink->send(
        link::HistoryRefused{request.request, Error{Errc::unavailable, "no such subscription here"}});
}

RoomHub* Service::hub_of(const PeerState& state, link::SubId sub) {
    const auto found = state.subs.find(sub.value);
    return found == state.subs.end() ? nullptr : hub_of(found->second);
}

RoomHub* Service::hub_of(const RoomSlug& room) const {
    const auto hub = hubs_.find(room);
    return hub == hubs_.end() ? nullptr : hub->second.get();
}

void Service::handle(PeerId peer, PeerState& state, link::RosterChange& request) {
    if (RoomHub* const hub = hub_of(state, request.sub)) hub->change_roster(peer, request);
}

void Service::handle(PeerId, PeerState& state, link::SayTyping& request) {
    if (RoomHub* const hub = hub_of(state, request.sub)) hub->say_typing(request.who, request.typing);
}

void Service::handle(PeerId, PeerState& state, link::SendSignal& request) {
    if (RoomHub* const hub = hub_of(state, request.sub)) return hub->send_signal(*state.sink, request);
    state.sink->send(
        link::SignalRefused{request.request, Error{Errc::unavailable, "no such subscription here"}});
}

void Service::handle(PeerId, PeerState& state, link::AskMembers& request) {
    if (RoomHub* const hub = hub_of(state, request.sub))
        return hub->list_members(*state.sink, request.request);
    state.sink->send(link::MembersPage{request.request, {}, 0});
}

void Service::handle(PeerId peer, PeerState&, link::Call& request) { calls_.on_call(peer, request); }

void Service::drain() {
    for (auto& [id, state] : peers_) state.sink->send(link::Draining{});
}

std::size_t Service::subscriptions() const {
    std::size_t count = 0;
    for (const auto& [id, state] : peers_) count += state.subs.size();
    return count;
}

void Service::put_down_unused() {
    const auto moment = std::chrono::steady_clock::now() - hub_idle_;
    std::erase_if(unused_, [](const RoomHub* hub) { return hub->in_use(); });
    std::vector<RoomSlug> idle;
    for (const auto* hub : unused_)
        if (hub->idle_since(moment)) idle.push_back(hub->log().room);
    for (const auto& room : idle) hubs_.erase(room);
}

void Service::sweep() {
    sweep_timer_.expires_after(std::chrono::seconds(1));
    sweep_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        put_down_unused();
        calls_.sweep();
        sweep();
    });
}

}  // namespace roomcast::consumer
