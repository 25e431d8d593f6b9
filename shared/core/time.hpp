#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast {

/// Wall-clock time in milliseconds since 1970 (UTC), as stamped on messages.
using TimeMs = std::int64_t;

[[nodiscard]] TimeMs now_ms();
/// "2026-11-21T10:00:00.123Z"
[[nodiscard]] std::string format_rfc3339(TimeMs time);
/// Accepts any RFC 3339 date-time with `Z` or an offset; fractions beyond milliseconds are cut.
[[nodiscard]] std::optional<TimeMs> parse_rfc3339(std::string_view text);

}  // namespace roomcast
