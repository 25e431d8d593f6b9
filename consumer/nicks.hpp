#pragma once

#include <set>
#include <string>
#include <unordered_map>

#include "consumer/peer.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"
#include "shared/core/time.hpp"

namespace roomcast::consumer {

/// Which guests' nicks are in use, and by which token: soft state of a slot's worker that edges tell again
/// after a take-over.
///
/// Lives on the consumer's thread; times are milliseconds of any clock. A nick is its token's while a session
/// holds it, and for limits::nick_reserved_ms after it was reserved or let go. At most
/// limits::nicks_per_worker, then `busy`.
class Nicks {
public:
    /// `name_taken` where another token has it.
    [[nodiscard]] Result<void> reserve(const FoldedName& nick, const std::string& token, TimeMs now);
    [[nodiscard]] Result<void> hold(PeerId peer, const FoldedName& nick, const std::string& token,
                                    TimeMs now);
    void release(PeerId peer, const FoldedName& nick, const std::string& token, TimeMs now);
    /// The edge is lost: its guests may come back at another.
    void drop_peer(PeerId peer, TimeMs now);
    [[nodiscard]] bool in_use(const FoldedName& nick, TimeMs now) const;
    void sweep(TimeMs now);
    [[nodiscard]] std::size_t size() const { return claims_.size(); }

private:
    struct Claim {
        std::string token;
        std::set<PeerId> edges;  // with sessions
        TimeMs reserved_until = 0;
        [[nodiscard]] bool stands(TimeMs now) const { return !edges.empty() || reserved_until > now; }
    };
    [[nodiscard]] Result<Claim*> claim(const FoldedName& nick, const std::string& token, TimeMs now);

    std::unordered_map<FoldedName, Claim> claims_;
};

}  // namespace roomcast::consumer
