#include "shared/core/token_bucket.hpp"

#include <doctest/doctest.h>

namespace roomcast {
namespace {

constexpr TimeMs start = 1'000'000;

int taken_at(TokenBucket& bucket, TimeMs now, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; ++i)
        if (!bucket.take(now)) ++taken;
    return taken;
}

}  // namespace

TEST_CASE("a bucket gives its burst at once, then its rate") {
    TokenBucket bucket({.per_s = 10, .burst = 5}, start);
    CHECK(taken_at(bucket, start, 20) == 5);
    CHECK(taken_at(bucket, start + 99, 20) == 0);
    CHECK(taken_at(bucket, start + 100, 20) == 1);
    CHECK(taken_at(bucket, start + 400, 20) == 3);
    CHECK(taken_at(bucket, start + 3'600'000, 20) == 5);
}

TEST_CASE("a refusal says when to come back, and then it is so") {
    for (const double per_s : {0.1, 0.3, 1.0, 3.0, 7.0, 10.0, 333.0, 5'000.0}) {
        TokenBucket bucket({.per_s = per_s, .burst = 1}, start);
        CHECK_FALSE(bucket.take(start));
        TimeMs now = start;
        for (int i = 0; i < 100; ++i) {
            const auto wait = bucket.take(now);
            REQUIRE(wait);
            REQUIRE(*wait >= 1);
            now += *wait;
            CHECK_FALSE(bucket.take(now));
            while (!bucket.take(now)) {
            }
        }
    }
}

TEST_CASE("a refused try takes nothing") {
    TokenBucket bucket({.per_s = 1, .burst = 1}, start);
    CHECK_FALSE(bucket.take(start));
    for (TimeMs now = start; now < start + 999; ++now) CHECK(bucket.take(now));
    CHECK_FALSE(bucket.take(start + 1000));
}

TEST_CASE("over a long time the rate is kept") {
    TokenBucket bucket({.per_s = 3, .burst = 3}, start);
    int taken = 0;
    for (TimeMs now = start; now < start + 100'000; now += 7) taken += taken_at(bucket, now, 5);
    CHECK(taken >= 300);
    CHECK(taken <= 304);
}

TEST_CASE("a clock that steps back does not stop the refill") {
    TokenBucket bucket({.per_s = 10, .burst = 1}, start);
    CHECK_FALSE(bucket.take(start));
    CHECK(bucket.take(start - 3'600'000));
    CHECK_FALSE(bucket.take(start - 3'600'000 + 100));
}

TEST_CASE("a rate of 0 is no limit, and a burst below 1 is 1") {
    TokenBucket off({.per_s = 0, .burst = 1}, start);
    CHECK(taken_at(off, start, 1'000) == 1'000);
    CHECK(off.full(start));
    TokenBucket small({.per_s = 1, .burst = 0}, start);
    CHECK(taken_at(small, start, 10) == 1);
    CHECK_FALSE(small.full(start));
    CHECK(small.full(start + 1000));
}

}  // namespace roomcast
