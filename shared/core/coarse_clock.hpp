#pragma once

#include <chrono>
#include <ctime>

namespace roomcast {

/// The time of std::chrono::steady_clock as the kernel noted it at its last tick, up to some 10 ms ago: for
/// deadlines of seconds that are looked at with each message. A third of the cost of asking the clock itself.
[[nodiscard]] inline std::chrono::steady_clock::time_point coarse_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return std::chrono::steady_clock::time_point(std::chrono::seconds(time.tv_sec) +
                                                 std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace roomcast
