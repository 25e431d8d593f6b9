#include "ws-edge/revocations.hpp"

#include <algorithm>

#include "shared/core/names.hpp"

namespace roomcast::edge {

void Revocations::revoke(const std::string& token_id, TimeMs expires, const std::string& reason) {
    tokens_.insert_or_assign(token_id, Token{expires, reason});
}

void Revocations::revoke_user(const FoldedName& user, TimeMs issued_before, TimeMs expires,
                              const std::string& reason) {
    User& held = users_[user];
    if (held.issued_before > issued_before) return;
    held = User{issued_before, std::max(held.expires, expires), reason};
}

std::optional<std::string> Revocations::find(const auth::Claims& claims) const {
    if (!claims.token_id.empty()) {
        const auto token = tokens_.find(claims.token_id);
        if (token != tokens_.end()) return token->second.reason;
    }
    if (users_.empty() || claims.guest) return std::nullopt;  // a guest of that name is somebody else
    const auto user = users_.find(fold_name(claims.user));
    if (user == users_.end() || claims.issued_at_s * 1000 >= user->second.issued_before) return std::nullopt;
    return user->second.reason;
}

std::int64_t Revocations::issuable_from_s(const FoldedName& user) const {
    const auto found = users_.find(user);
    return found == users_.end() ? 0 : (found->second.issued_before + 999) / 1000;
}

void Revocations::sweep(TimeMs now) {
    std::erase_if(tokens_, [&](const auto& entry) { return entry.second.expires <= now; });
    std::erase_if(users_, [&](const auto& entry) { return entry.second.expires <= now; });
}

}  // namespace roomcast::edge
