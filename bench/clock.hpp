#pragma once

#include <chrono>
#include <cstdint>

namespace roomcast::bench {

/// Nanoseconds of the machine's monotonic clock, the one by which everything here is measured.
[[nodiscard]] inline std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

[[nodiscard]] inline std::chrono::steady_clock::time_point time_point_of(std::int64_t ns) {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::nanoseconds(ns)));
}

inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t ns_per_ms = 1'000'000;

}  // namespace roomcast::bench
