#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "shared/core/limits.hpp"

namespace roomcast::channel::sqlite {

/// When the next transaction may begin: at once, unless the log is busy; then `limits::commit_pause_us` after
/// the one before, so that what comes meanwhile shares one commit and its two wakeups.
///
/// Busy is a log whose last `limits::busy_writes` writes came within `limits::busy_writes_ms`. A value of the
/// worker's thread.
class CommitPace {
public:
    using Clock = std::chrono::steady_clock;

    /// A transaction of so many writes began.
    void began(Clock::time_point now, std::size_t writes) {
        last_ = now;
        for (std::size_t i = 0; i < writes && i < times_.size(); ++i) {
            times_[oldest_] = now;
            oldest_ = (oldest_ + 1) % times_.size();
        }
    }

    [[nodiscard]] Clock::time_point next() const {
        const bool busy = last_ - times_[oldest_] < std::chrono::milliseconds(limits::busy_writes_ms);
        return busy ? last_ + std::chrono::microseconds(limits::commit_pause_us) : last_;
    }

private:
    std::array<Clock::time_point, limits::busy_writes> times_{};  // of the last writes, around from `oldest_`
    std::size_t oldest_ = 0;
    Clock::time_point last_{};
};

}  // namespace roomcast::channel::sqlite
