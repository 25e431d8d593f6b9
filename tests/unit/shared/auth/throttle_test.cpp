#include "shared/auth/throttle.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roomcast::auth {
namespace {

void fail_times(Throttle& throttle, const std::string& key, int times, TimeMs now) {
    for (int i = 0; i < times; ++i) throttle.failed(key, now);
}

}  // namespace

TEST_CASE("the first failures are free, then the wait doubles up to its end") {
    Throttle throttle;
    TimeMs now = 1'000'000;
    for (int i = 0; i < limits::tries_free; ++i) {
        CHECK_FALSE(throttle.wait_ms("alice", now));
        throttle.failed("alice", now);
    }
    for (const int wait : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000, 60'000}) {
        CHECK(throttle.wait_ms("alice", now) == wait);
        CHECK(throttle.wait_ms("alice", now + wait - 1) == 1);
        now += wait;
        CHECK_FALSE(throttle.wait_ms("alice", now));
        throttle.failed("alice", now);
    }
    fail_times(throttle, "alice", 1'000, now);
    CHECK(throttle.wait_ms("alice", now) == limits::try_wait_most_ms);
}

TEST_CASE("one key's failures are not another's") {
    Throttle throttle;
    fail_times(throttle, "alice", 20, 0);
    CHECK(throttle.wait_ms("alice", 0));
    CHECK_FALSE(throttle.wait_ms("bob", 0));
    CHECK_FALSE(throttle.wait_ms("", 0));
}

TEST_CASE("a success forgets the failures") {
    Throttle throttle;
    fail_times(throttle, "alice", 20, 0);
    throttle.succeeded("alice");
    CHECK(throttle.size() == 0);
    fail_times(throttle, "alice", limits::tries_free - 1, 0);
    CHECK_FALSE(throttle.wait_ms("alice", 0));
    throttle.succeeded("nobody");
}

TEST_CASE("failures are forgotten after a while without any") {
    Throttle throttle;
    fail_times(throttle, "alice", 20, 0);
    throttle.failed("alice", limits::tries_forgotten_ms - 1);
    CHECK(throttle.wait_ms("alice", limits::tries_forgotten_ms));
    const TimeMs later = 2 * TimeMs{limits::tries_forgotten_ms} - 1;
    CHECK_FALSE(throttle.wait_ms("alice", later));
    CHECK(throttle.size() == 0);
    throttle.failed("alice", later);
    CHECK_FALSE(throttle.wait_ms("alice", later));
}

TEST_CASE("the table is bounded: who failed longest ago goes") {
    Throttle throttle(3);
    for (const char* key : {"a", "b", "c"}) fail_times(throttle, key, 10, 0);
    throttle.failed("a", 1);
    fail_times(throttle, "d", 10, 2);
    CHECK(throttle.size() == 3);
    CHECK_FALSE(throttle.wait_ms("b", 2));
    for (const char* key : {"a", "c", "d"}) CHECK(throttle.wait_ms(key, 2));
    Throttle usual;
    for (int i = 0; i < 40'000; ++i) usual.failed("key-" + std::to_string(i), 0);
    CHECK(usual.size() == limits::throttle_entries);
}

TEST_CASE("a clock that steps back makes no wait longer than it was") {
    Throttle throttle;
    fail_times(throttle, "alice", limits::tries_free, 1'000'000);
    CHECK(throttle.wait_ms("alice", 0) == limits::try_wait_first_ms);
}

}  // namespace roomcast::auth
