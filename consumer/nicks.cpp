#include "consumer/nicks.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::consumer {

Result<Nicks::Claim*> Nicks::claim(const FoldedName& nick, const std::string& token, TimeMs now) {
    const auto found = claims_.find(nick);
    if (found != claims_.end()) {
        Claim& held = found->second;
        if (held.token != token && held.stands(now)) return Errc::name_taken;
        if (held.token != token) held = Claim{token, {}, 0};
        return &held;
    }
    if (claims_.size() >= limits::nicks_per_worker) sweep(now);
    if (claims_.size() >= limits::nicks_per_worker) return Error{Errc::busy, "too many guests"};
    return &claims_.emplace(nick, Claim{token, {}, 0}).first->second;
}

Result<void> Nicks::reserve(const FoldedName& nick, const std::string& token, TimeMs now) {
    auto held = claim(nick, token, now);
    if (!held) return held.error();
    (*held)->reserved_until = now + limits::nick_reserved_ms;
    return {};
}

Result<void> Nicks::hold(PeerId peer, const FoldedName& nick, const std::string& token, TimeMs now) {
    auto held = claim(nick, token, now);
    if (!held) return held.error();
    (*held)->edges.insert(peer);
    return {};
}

void Nicks::release(PeerId peer, const FoldedName& nick, const std::string& token, TimeMs now) {
    const auto found = claims_.find(nick);
    if (found == claims_.end() || found->second.token != token) return;
    if (found->second.edges.erase(peer) > 0 && found->second.edges.empty())
        found->second.reserved_until = now + limits::nick_reserved_ms;
}

void Nicks::drop_peer(PeerId peer, TimeMs now) {
    for (auto& [nick, held] : claims_)
        if (held.edges.erase(peer) > 0 && held.edges.empty())
            held.reserved_until = now + limits::nick_reserved_ms;
}

bool Nicks::in_use(const FoldedName& nick, TimeMs now) const {
    const auto found = claims_.find(nick);
    return found != claims_.end() && found->second.stands(now);
}

void Nicks::sweep(TimeMs now) {
    std::erase_if(claims_, [&](const auto& entry) { return !entry.second.stands(now); });
}

}  // namespace roomcast::consumer
