#pragma once

#include <string>
#include <string_view>

#include "shared/core/result.hpp"

namespace roomcast::auth {

/// Passwords by bcrypt (`$2b$`, libxcrypt). Pure functions for any thread, and slow on purpose (limits.hpp:
/// bcrypt_cost_*): to be run on a HashPool, never on a shard.

/// Whether it may become a password: 1 to limits::password_bytes bytes and no zero byte, of which bcrypt
/// would see only what comes before. Else Errc::bad_password with the reason.
[[nodiscard]] Result<void> password_allowed(std::string_view password);

/// A hash with a random salt, 60 characters. Errc::bad_password as above, Errc::internal for a cost out of
/// bounds or if there is no randomness.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, int cost);

/// Whether the hash is of this password. False for a hash that is no bcrypt hash or costs above
/// limits::bcrypt_cost_most. The comparison takes the same time wherever they differ.
[[nodiscard]] bool check_password(std::string_view password, std::string_view hash);

/// A hash of that cost whose password nobody knows, to be checked where there is no account, so that the
/// answer takes as long as for one that there is. The cost is brought within its bounds.
[[nodiscard]] std::string dummy_hash(int cost);

}  // namespace roomcast::auth
