#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/auth/key_set.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"

namespace roomcast::auth {

inline constexpr std::size_t token_bytes = 2 * 1024;   // ours have some 250; a cookie must stay below 4 KiB
inline constexpr std::size_t token_id_bytes = 128;     // the claim `jti`
inline constexpr std::size_t secret_bytes_least = 32;  // RFC 7518 3.2: no shorter than the hash
inline constexpr std::size_t secret_bytes_most = 4 * 1024;
inline constexpr std::int64_t token_clock_skew_s =
    5;  // by which `nbf` may lie ahead, from another node's clock
inline constexpr std::string_view token_issuer = "roomcast";
inline constexpr std::string_view token_audience = "roomcast";

/// The account_id of an outside issuer's users: their names are its own affair.
inline constexpr std::string_view outside_account = "outside";

/// What a token says of its bearer. Times are seconds since 1970.
struct Claims {
    UserName user;
    bool guest = false;  // a nick without an account
    std::int64_t issued_at_s = 0;
    std::int64_t expires_at_s = 0;  // the first second in which it is refused
    std::string token_id;           // `jti`; left out when empty
    TokenSource source = TokenSource::own;
    std::string account_id{};  // `aid`: which account that name stood for, or which guest
};

/// Reads the secret that all edges share: the file's bytes without surrounding white space, whatever they are
/// (hex text is taken as text). Throws std::runtime_error when the file cannot be read or its length is out
/// of bounds: start-up only.
[[nodiscard]] std::string load_secret(const std::string& path);

/// Issues and verifies JWTs, with HS256 and RS256. A token's `kid` picks the key, the key alone settles the
/// algorithm, the issuer and the audience; a token without a kid is for the one legacy secret.
///
/// Owned by main, behind a shared_ptr<const> where keys are reloaded. Immutable, so any thread may call it at
/// any time. Constructors throw std::runtime_error for a secret below `secret_bytes_least` and for a set in
/// which no key signs. Every refusal is Errc::bad_token, with a detail that holds nothing of the token.
class TokenAuthority {
public:
    explicit TokenAuthority(std::string secret);
    explicit TokenAuthority(KeySet keys);

    /// Throws std::runtime_error if the claims cannot be said in a token (a `token_id` that is too long or no
    /// UTF-8).
    [[nodiscard]] std::string issue(const Claims& claims) const;

    [[nodiscard]] Result<Claims> verify(std::string_view token, std::int64_t now_s) const;

    /// The body of GET /.well-known/jwks.json.
    [[nodiscard]] const std::string& jwks_json() const { return jwks_json_; }

    /// 32 bytes for another use, the same on every edge with the same keys and different for every label: of
    /// the legacy secret if there is one, else of the key that signs.
    [[nodiscard]] std::string derived_key(std::string_view label) const;

private:
    KeySet keys_;
    std::string jwks_json_;
};

}  // namespace roomcast::auth
