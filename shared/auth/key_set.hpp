#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/auth/token_key.hpp"

namespace roomcast::auth {

/// What tokens of an outside issuer must say, and which claim of theirs names the user.
struct OutsideIssuer {
    std::string issuer;
    std::string audience;
    std::string user_claim = "sub";
};

/// The keys that this server knows: exactly one signs, any number verifies.
///
/// A value that is built at start-up or reload and not changed after. `add` and `sign_with` throw
/// std::runtime_error with one line: a kid that is there already, more than limits::token_keys, a key that
/// cannot sign.
class KeySet {
public:
    void add(TokenKey key);
    void sign_with(std::string_view kid);
    /// The one that verifies tokens without a kid, as they were before there were kids; HS256 only.
    void add_legacy(TokenKey key);
    void trust(OutsideIssuer outside) { outside_ = std::move(outside); }

    /// Null if there is none. Stays valid as long as the set.
    [[nodiscard]] const TokenKey* find(std::string_view kid) const;
    [[nodiscard]] const TokenKey* legacy() const;
    [[nodiscard]] const TokenKey* signer() const;
    [[nodiscard]] const OutsideIssuer& outside() const { return outside_; }
    /// `{"keys":[…]}`: the public halves of our own RS256 keys, for /.well-known/jwks.json.
    [[nodiscard]] std::string jwks_json() const;

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::vector<TokenKey> keys_;
    std::size_t legacy_ = none;
    std::size_t signer_ = none;
    OutsideIssuer outside_;
};

}  // namespace roomcast::auth
