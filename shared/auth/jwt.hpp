#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

/// What a token says of its bearer. Times are seconds since 1970.
struct Claims {
    UserName user;
    bool guest = false;  // a nick without an account
    std::int64_t issued_at_s = 0;
    std::int64_t expires_at_s = 0;  // the first second in which it is refused
    std::string token_id;           // `jti`; left out when empty
};

/// Reads the secret that all edges share: the file's bytes without surrounding white space, whatever they are
/// (hex text is taken as text). Throws std::runtime_error when the file cannot be read or its length is out
/// of bounds: start-up only.
[[nodiscard]] std::string load_secret(const std::string& path);

/// Issues and verifies JWTs, with HS256 and nothing else: the header decides nothing but whether a token is
/// refused.
///
/// Owned by main. Immutable, so any thread may call it at any time. The constructor throws std::runtime_error
/// for a secret below `secret_bytes_least`. Every refusal is Errc::bad_token, with a detail that holds
/// nothing of the token.
class TokenAuthority {
public:
    explicit TokenAuthority(std::string secret);

    /// Throws std::runtime_error if the claims cannot be said in a token (a `token_id` that is too long or no
    /// UTF-8).
    [[nodiscard]] std::string issue(const Claims& claims) const;

    [[nodiscard]] Result<Claims> verify(std::string_view token, std::int64_t now_s) const;

private:
    std::string secret_;
};

}  // namespace roomcast::auth
