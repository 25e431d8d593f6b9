#include "shared/channel/sqlite/commit_pace.hpp"

#include <doctest/doctest.h>

namespace roomcast::channel::sqlite {
namespace {

using namespace std::chrono_literals;
using Clock = CommitPace::Clock;

constexpr auto pause = std::chrono::microseconds(limits::commit_pause_us);
constexpr auto window = std::chrono::milliseconds(limits::busy_writes_ms);
const Clock::time_point start = Clock::time_point(1h);

TEST_CASE("a log that was never written to, or seldom, commits at once") {
    CommitPace pace;
    CHECK(pace.next() <= start);
    for (std::size_t i = 0; i < 3 * limits::busy_writes; ++i) {
        const auto now = start + i * window / (limits::busy_writes - 1);  // busy_writes take just the window
        pace.began(now, 1);
        CHECK(pace.next() == now);
    }
}

TEST_CASE("one write more within the window, and the next commit waits for others to share it") {
    CommitPace pace;
    pace.began(start, limits::busy_writes - 1);
    CHECK(pace.next() == start);
    pace.began(start + 1ms, 1);
    CHECK(pace.next() == start + 1ms + pause);
}

TEST_CASE("many writes of one commit make a log busy, until they are longer ago than the window") {
    CommitPace pace;
    pace.began(start, 10 * limits::busy_writes);
    CHECK(pace.next() == start + pause);
    pace.began(start + window - 1us, 1);
    CHECK(pace.next() == start + window - 1us + pause);
    pace.began(start + window, 1);
    CHECK(pace.next() == start + window);
}

}  // namespace
}  // namespace roomcast::channel::sqlite
