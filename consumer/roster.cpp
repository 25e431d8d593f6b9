#include "consumer/roster.hpp"

#include <algorithm>
#include <unordered_set>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {
constexpr auto sweep_every = std::chrono::milliseconds(250);
}

Roster::Roster(boost::asio::io_context& io, Tell tell)
    : tell_(std::move(tell)),
      settles_at_(Clock::now() + std::chrono::milliseconds(limits::presence_settle_ms)),
      publish_timer_(io),
      sweep_timer_(io) {}

Roster::~Roster() = default;

void Roster::change(PeerId peer, const link::RosterChange& change) {
    if (change.reset) {
        // Whoever of this edge is not told again has left meanwhile.
        std::unordered_set<SessionId> told;
        for (const auto& person : change.joined) told.insert(person.session);
        std::vector<SessionId> gone;
        for (const auto& [session, member] : members_)
            if (member.peer == peer && !told.contains(session)) gone.push_back(session);
        for (const auto& session : gone) remove(session);
    }
    for (const auto& person : change.joined) {
        const bool is_new = members_.insert_or_assign(person.session, Member{person.user, peer}).second;
        if (!is_new) continue;
        if (left_.erase(person.session) == 0) joined_[person.session] = person.user;
    }
    for (const auto& session : change.left) remove(session);
    schedule();
}

void Roster::remove(const SessionId& session) {
    const auto found = members_.find(session);
    if (found == members_.end()) return;
    const auto typist = typing_.find(session);
    if (typist != typing_.end()) say_typing({session, typist->second.user}, false);
    if (joined_.erase(session) == 0) left_[session] = found->second.user;
    members_.erase(found);
}

void Roster::drop_peer(PeerId peer) {
    const auto until = Clock::now() + std::chrono::milliseconds(limits::presence_grace_ms);
    for (auto& [session, member] : members_) {
        if (member.peer != peer || member.orphaned) continue;
        member.orphaned = true;
        member.gone_at = until;
    }
    watch();
}

void Roster::say_typing(const link::Person& who, bool typing) {
    if (typing) {
        typing_[who.session] =
            Typist{who.user, Clock::now() + std::chrono::milliseconds(limits::typing_ends_ms)};
        watch();
    } else if (typing_.erase(who.session) == 0) {
        return;
    }
    tell_([&](link::SubId sub) { return link::TypingSaid{sub, who, typing}; });
}

std::optional<link::Presence> Roster::snapshot(link::SubId sub) const {
    if (Clock::now() < settles_at_) return std::nullopt;
    link::Presence presence{sub, false, {}, {}, static_cast<std::uint32_t>(members_.size())};
    if (members_.size() > limits::presence_listed_members) return presence;
    presence.full = true;
    for (const auto& [session, member] : members_) presence.joined.push_back({session, member.user});
    return presence;
}

link::MembersPage Roster::page(link::RequestId request) const {
    link::MembersPage page{request, {}, static_cast<std::uint32_t>(members_.size())};
    for (const auto& [session, member] : members_) {
        if (page.members.size() >= limits::members_page) break;
        page.members.push_back({session, member.user});
    }
    return page;
}

std::optional<PeerId> Roster::find(const SessionId& session) const {
    const auto found = members_.find(session);
    return found == members_.end() ? std::nullopt : std::optional<PeerId>(found->second.peer);
}

void Roster::schedule() {
    if (scheduled_ || (joined_.empty() && left_.empty())) return;
    scheduled_ = true;
    const bool big = members_.size() > limits::presence_listed_members;
    const auto wait =
        std::chrono::milliseconds(big ? limits::presence_counts_ms : limits::presence_coalesce_ms);
    publish_timer_.expires_at(std::max(settles_at_, Clock::now() + wait));
    publish_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        scheduled_ = false;
        publish();
    });
}

void Roster::publish() {
    const bool big = members_.size() > limits::presence_listed_members;
    const bool whole = !big && was_counts_;  // the list is short again: say it once, whole
    was_counts_ = big;
    link::Presence presence{{}, whole, {}, {}, static_cast<std::uint32_t>(members_.size())};
    if (whole) {
        for (const auto& [session, member] : members_) presence.joined.push_back({session, member.user});
    } else if (!big) {
        for (const auto& [session, user] : joined_) presence.joined.push_back({session, user});
        for (const auto& [session, user] : left_) presence.left.push_back({session, user});
    }
    joined_.clear();
    left_.clear();
    tell_([&](link::SubId sub) {
        link::Presence copy = presence;
        copy.sub = sub;
        return copy;
    });
}

void Roster::watch() {
    if (watching_) return;
    watching_ = true;
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        watching_ = false;
        sweep();
    });
}

void Roster::sweep() {
    const auto now = Clock::now();
    std::vector<SessionId> gone;
    bool orphans = false;
    for (const auto& [session, member] : members_) {
        if (!member.orphaned) continue;
        orphans = true;
        if (member.gone_at <= now) gone.push_back(session);
    }
    for (const auto& session : gone) remove(session);
    std::vector<link::Person> silent;
    for (const auto& [session, typist] : typing_)
        if (typist.until <= now) silent.push_back({session, typist.user});
    for (const auto& person : silent) say_typing(person, false);
    schedule();
    if (orphans || !typing_.empty()) watch();
}

}  // namespace roomcast::consumer
