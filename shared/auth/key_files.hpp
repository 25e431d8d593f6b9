#pragma once

#include <memory>
#include <string>

#include "shared/auth/jwt.hpp"
#include "shared/auth/key_set.hpp"

namespace roomcast::auth {

/// Where the keys are; each may be empty, but some key must sign.
///
/// `secret_file`: as load_secret reads it; HS256, and the one for tokens without a kid. It signs unless there
/// is a keys file. `keys_file`: JSON, paths in it relative to it:
///   {"sign_with":"k2","keys":[{"kid":"k2","alg":"RS256","private_key_file":"k2.pem"},
///                             {"kid":"k1","alg":"HS256","secret_file":"k1.secret"},
///                             {"kid":"k0","alg":"RS256","public_key_file":"k0.pub.pem"}]}
/// `jwks_file`: another issuer's public RSA keys (RFC 7517), for tokens with its `iss` and `aud`.
struct TokenKeysConfig {
    std::string secret_file = {};
    std::string keys_file = {};
    std::string jwks_file = {};
    std::string outside_issuer = {};
    std::string outside_audience = {};
    std::string outside_user_claim = "sub";
};

/// Reads them all. Throws std::runtime_error with one line that names the file and what is wrong, and nothing
/// of a key. To reload: call it again, and swap the pointer if it did not throw.
[[nodiscard]] KeySet load_key_set(const TokenKeysConfig& config);
[[nodiscard]] std::shared_ptr<const TokenAuthority> load_token_authority(const TokenKeysConfig& config);

}  // namespace roomcast::auth
