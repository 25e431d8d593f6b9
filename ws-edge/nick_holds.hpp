#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "ws-edge/caller.hpp"
#include "ws-edge/messages.hpp"

namespace roomcast::edge {

/// The nicks that guests of this edge use, told to their slots' workers, and told again after a take-over.
///
/// A part of Core, on its thread. `lost` is called for each session whose nick another guest or an account
/// has by now.
class NickHolds {
public:
    using Lost = std::function<void(ShardIndex, SessionKey)>;

    NickHolds(Caller& caller, Lost lost) : caller_(caller), lost_(std::move(lost)) {}

    void use(Workers& workers) { workers_ = &workers; }
    void on_change(ShardIndex shard, const NickInUse& change);
    void on_worker_lost(const NodeId& worker);
    /// Tells workers that own a nick's slot now and were not told.
    void on_routes_changed();
    [[nodiscard]] std::size_t size() const { return holds_.size(); }

private:
    struct Hold {
        std::string token;
        std::set<std::pair<ShardIndex, std::uint64_t>> sessions;
        NodeId told;  // which worker knows; empty: none
    };
    void tell(const FoldedName& nick, Hold& hold);

    Caller& caller_;
    Lost lost_;
    Workers* workers_ = nullptr;
    std::map<std::pair<FoldedName, std::string>, Hold> holds_;  // by nick and token
};

}  // namespace roomcast::edge
