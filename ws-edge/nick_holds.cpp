#include "ws-edge/nick_holds.hpp"

namespace roomcast::edge {
using Kind = link::ClaimNick::Kind;

void NickHolds::on_change(ShardIndex shard, const NickInUse& change) {
    const std::pair key{change.nick, change.token};
    const std::pair session{shard, change.session.value};
    if (change.in_use) {
        Hold& hold = holds_[key];
        hold.token = change.token;
        hold.sessions.insert(session);
        if (hold.sessions.size() == 1) tell(change.nick, hold);
        return;
    }
    const auto found = holds_.find(key);
    if (found == holds_.end() || found->second.sessions.erase(session) == 0) return;
    if (!found->second.sessions.empty()) return;
    holds_.erase(found);
    caller_.call(slot_of(change.nick), link::ClaimNick{change.nick, change.token, Kind::release},
                 [](const link::Reply&) {});
}

void NickHolds::tell(const FoldedName& nick, Hold& hold) {
    const auto worker = workers_->route(slot_of(nick));
    if (!worker) return;  // told when there is one: routes change then
    hold.told = *worker;
    caller_.call(slot_of(nick), link::ClaimNick{nick, hold.token, Kind::hold},
                 [this, key = std::pair{nick, hold.token}](const link::Reply& reply) {
                     const auto* const refused = std::get_if<Error>(&reply);
                     const auto held = holds_.find(key);
                     if (refused == nullptr || held == holds_.end()) return;
                     if (refused->code != Errc::name_taken) {
                         held->second.told = NodeId{};  // told again when routes change
                         return;
                     }
                     const auto sessions = std::move(held->second.sessions);
                     holds_.erase(held);
                     for (const auto& [shard, session] : sessions) lost_(shard, SessionKey{session});
                 });
}

void NickHolds::on_worker_lost(const NodeId& worker) {
    for (auto& [key, hold] : holds_) {
        if (hold.told != worker) continue;
        hold.told = NodeId{};
        tell(key.first, hold);
    }
}

void NickHolds::on_routes_changed() {
    for (auto& [key, hold] : holds_)
        if (workers_->route(slot_of(key.first)) != hold.told) tell(key.first, hold);
}

}  // namespace roomcast::edge
