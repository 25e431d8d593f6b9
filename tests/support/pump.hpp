#pragma once

#include <algorithm>
#include <chrono>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

/// Runs an event loop on the test's thread until something holds. Tests wait with it and never sleep: it
/// returns as soon as the condition is true, and at the deadline otherwise.
namespace roomcast::test {

inline constexpr std::chrono::milliseconds patience{
    20'000};  // long enough for a slow machine under a sanitizer

/// Runs `io` until `holds()` is true or the deadline passes; the answer is whether it held. The condition is
/// asked again after every handler, and every few milliseconds for conditions that come true outside of the
/// loop.
template <class Condition>
[[nodiscard]] bool pump_until(boost::asio::io_context& io, Condition holds,
                              std::chrono::milliseconds deadline = patience) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds look_again{20};
    const auto end = Clock::now() + deadline;
    const auto guard = boost::asio::make_work_guard(io);
    while (!holds()) {
        const auto now = Clock::now();
        if (now >= end) return false;
        if (io.stopped()) io.restart();
        io.run_one_until(std::min(end, now + look_again));
    }
    return true;
}

/// Runs what is ready and returns without waiting.
inline void pump_ready(boost::asio::io_context& io) {
    if (io.stopped()) io.restart();
    io.poll();
}

}  // namespace roomcast::test
