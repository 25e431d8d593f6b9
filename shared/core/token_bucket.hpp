#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "shared/core/time.hpp"

namespace roomcast {

/// So many a second in the long run, and so many at once. `per_s` 0: no limit.
struct RateLimit {
    double per_s = 0;
    double burst = 1;

    [[nodiscard]] bool off() const { return per_s <= 0; }
};

/// One caller's allowance under a RateLimit: full at first, refilled by time.
///
/// A value of its owner's thread. Times are milliseconds of any clock; one that steps back costs no more than
/// the refill of that step. A burst below 1 counts as 1, else nothing would ever pass.
class TokenBucket {
public:
    TokenBucket(RateLimit limit, TimeMs now)
        : limit_{limit.per_s, std::max(1.0, limit.burst)}, tokens_(limit_.burst), refilled_at_(now) {}

    /// Takes one, or takes nothing and says in how many milliseconds (at least 1) there will be one.
    [[nodiscard]] std::optional<int> take(TimeMs now) {
        if (limit_.off()) return std::nullopt;
        refill(now);
        // A thousandth less will do: thirds do not add up to one.
        if (tokens_ >= 0.999) {
            tokens_ = std::max(0.0, tokens_ - 1);
            return std::nullopt;
        }
        const double wait_ms = std::ceil((1 - tokens_) * 1000 / limit_.per_s);
        return static_cast<int>(std::clamp(wait_ms, 1.0, wait_most_ms));
    }

    /// Whether it is as good as a new one.
    [[nodiscard]] bool full(TimeMs now) {
        if (!limit_.off()) refill(now);
        return limit_.off() || tokens_ >= limit_.burst;
    }

private:
    static constexpr double wait_most_ms = 3'600'000;

    void refill(TimeMs now) {
        if (now > refilled_at_)
            tokens_ = std::min(limit_.burst,
                               tokens_ + static_cast<double>(now - refilled_at_) * limit_.per_s / 1000);
        refilled_at_ = now;
    }

    RateLimit limit_;
    double tokens_;
    TimeMs refilled_at_;
};

}  // namespace roomcast
