#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "shared/auth/jwt.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::edge {

/// Tokens that are no longer good although they have not run out: what each shard checks a token against.
///
/// A value of its owner's thread. Grows by logouts within a token's life; `sweep` lets go of what has run
/// out by itself.
class Revocations {
public:
    void revoke(const std::string& token_id, TimeMs expires, const std::string& reason);
    void revoke_user(const FoldedName& user, TimeMs issued_before, TimeMs expires, const std::string& reason);
    /// Why that token is not good, if it is not.
    [[nodiscard]] std::optional<std::string> find(const auth::Claims& claims) const;
    /// The earliest second in which a token of that user may be issued so as to be good.
    [[nodiscard]] std::int64_t issuable_from_s(const FoldedName& user) const;
    void sweep(TimeMs now);
    [[nodiscard]] std::size_t size() const { return tokens_.size() + users_.size(); }

private:
    struct Token {
        TimeMs expires = 0;
        std::string reason;
    };
    struct User {
        TimeMs issued_before = 0;
        TimeMs expires = 0;
        std::string reason;
    };
    std::unordered_map<std::string, Token> tokens_;
    std::unordered_map<FoldedName, User> users_;
};

}  // namespace roomcast::edge
