#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::auth {

/// What tokens, keys and tickets are written and sealed with. Pure functions, for any thread; those that need
/// OpenSSL throw std::runtime_error if it fails, which is for lack of memory.

[[nodiscard]] std::string base64url(std::string_view bytes);  // without padding
/// Strict: one text for each value. None for padding, white space, or bits left over that are not zero.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

inline constexpr std::size_t sha256_bytes = 32;
[[nodiscard]] std::string sha256(std::string_view text);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);

/// In a time that depends on the lengths alone.
[[nodiscard]] bool same_secret(std::string_view left, std::string_view right);

}  // namespace roomcast::auth
