#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::auth {

enum class KeyAlgorithm : std::uint8_t { hs256, rs256 };
[[nodiscard]] std::string_view name_of(KeyAlgorithm algorithm);  // as in a token's `alg`

/// Who vouches for a token: this server, or the issuer whose JWKS it was given.
enum class TokenSource : std::uint8_t { own, outside };

/// A key that tokens are verified with, and signed with if it is a secret or private one. The algorithm
/// belongs to the key: no token chooses it.
///
/// A value. The functions that make one throw std::runtime_error with one line that says what is wrong and
/// holds nothing of the key: start-up and reload only.
struct TokenKey {
    std::string kid;  // 1 to limits::token_kid_bytes of printable ASCII
    KeyAlgorithm algorithm = KeyAlgorithm::hs256;
    TokenSource source = TokenSource::own;
    std::string verify_with;  // the secret, or the public key as PEM
    std::string sign_with;    // the secret, or the private key as PEM; empty: it only verifies
    std::string jwk;          // the public key as a JWK's text; empty for a secret
};

/// `kid` empty: it is derived from the secret, by which it cannot be found out.
[[nodiscard]] TokenKey secret_key(std::string kid, std::string secret);
/// From PEM text without a passphrase, limits::rsa_bits_least to rsa_bits_most.
[[nodiscard]] TokenKey rsa_private_key(std::string kid, const std::string& pem);
[[nodiscard]] TokenKey rsa_public_key(std::string kid, const std::string& pem);
/// From a JWK's `n` and `e`, in base64url.
[[nodiscard]] TokenKey rsa_public_key(std::string kid, std::string_view n, std::string_view e);

}  // namespace roomcast::auth
