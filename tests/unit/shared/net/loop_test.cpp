#include "shared/core/limits.hpp"
#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {
namespace {

constexpr std::chrono::milliseconds delay{1000};  // long beside what a turn takes, also on a slow machine

/// A pair whose server side has written so much of late that its loop is busy.
struct BusyPair : Pair {
    explicit BusyPair(Loop::Clock::duration waits = delay) : Pair(false) {
        loop.coalesce(std::chrono::duration_cast<std::chrono::microseconds>(waits));
        write_much();
    }
    void write_much() {
        client->received.clear();
        for (std::size_t i = 0; i < limits::busy_records; ++i) turn("x");
        REQUIRE(until([&] { return client->received.size() == limits::busy_records; }));
        client->received.clear();
    }
    void turn(std::string_view text) {
        server->say(text);
        loop.flush_all();
    }
    [[nodiscard]] std::size_t owed() const { return server->connection->owed_bytes(); }
};

/// A busy pair whose loop wrote for so many of the last five delays.
struct WritingPair : BusyPair {
    static constexpr std::chrono::milliseconds short_delay{150};

    explicit WritingPair(int delays) : BusyPair(short_delay) {
        const std::string much = numbered(limits::outbox_resume_bytes + 1);
        const auto from = Loop::Clock::now();
        server->room_again = [&] {  // called in the midst of writing
            while (Loop::Clock::now() < from + delays * short_delay) {
            }
        };
        turn(much);
        server->room_again = nullptr;
        REQUIRE(until([&] { return client->received == much; }));
        REQUIRE(until([&] { return Loop::Clock::now() >= from + 5 * short_delay; }));
        write_much();
        owed_since = Loop::Clock::now();
        turn("held");
        REQUIRE(owed() == 4);
    }
    Loop::Clock::time_point owed_since;
};

struct HardPressedPair : WritingPair {
    HardPressedPair() : WritingPair(4) {}
};

}  // namespace

TEST_CASE("a loop with little to do sends at once, however short ago it did so before") {
    Pair pair(false);
    pair.loop.coalesce(delay);
    for (std::size_t i = 0; i < limits::busy_records; ++i) {
        pair.server->say("x");
        pair.loop.flush_all();
        REQUIRE(pair.server->connection->owed_bytes() == 0);
    }
}

TEST_CASE("a busy loop keeps what a busy connection is owed, and sends all of it together") {
    BusyPair pair;
    int pieces = 0;
    pair.client->heard = [&] { ++pieces; };
    for (const auto* text : {"one", "two", "three"}) {
        pair.turn(text);
        CHECK(pair.owed() > 0);
    }
    const auto from = std::chrono::steady_clock::now();
    REQUIRE(pair.until([&] { return pair.client->received == "onetwothree"; }));
    CHECK(std::chrono::steady_clock::now() - from <= 4 * delay);
    CHECK(pieces == 1);
    CHECK(pair.owed() == 0);
}

TEST_CASE(
    "what waits does so for the whole delay, however long ago the write before was, so that it meets the "
    "next") {
    BusyPair pair;
    using Clock = std::chrono::steady_clock;
    const auto later = Clock::now() + delay / 4;
    REQUIRE(pair.until([&] { return Clock::now() >= later; }));
    const auto owed_since = Clock::now();
    pair.turn("held");
    REQUIRE(pair.owed() > 0);
    REQUIRE(pair.until([&] { return pair.client->received == "held"; }));
    CHECK(Clock::now() - owed_since >= delay);
}

TEST_CASE("on a loop that is hard pressed what is alone waits for more up to five times as long") {
    HardPressedPair pair;
    REQUIRE(pair.until([&] { return pair.client->received == "held"; }));
    CHECK(Loop::Clock::now() - pair.owed_since >= Loop::most_delays * HardPressedPair::short_delay);
}

TEST_CASE("a loop that wrote for one long moment is not hard pressed") {
    WritingPair pair(1);
    REQUIRE(pair.until([&] { return pair.client->received == "held"; }));
    CHECK(Loop::Clock::now() - pair.owed_since < Loop::most_delays * HardPressedPair::short_delay);
}

TEST_CASE("on a loop that is hard pressed what shares a record waits no longer than the delay") {
    HardPressedPair pair;
    pair.turn("more");
    REQUIRE(pair.until([&] { return pair.client->received == "heldmore"; }));
    const auto waited = Loop::Clock::now() - pair.owed_since;
    CHECK(waited >= HardPressedPair::short_delay);
    CHECK(waited < Loop::most_delays * HardPressedPair::short_delay);
}

TEST_CASE("on a loop that is hard pressed what comes after the delay ends the wait") {
    HardPressedPair pair;
    const auto after = pair.owed_since + 2 * HardPressedPair::short_delay;
    REQUIRE(pair.until([&] { return Loop::Clock::now() >= after; }));
    CHECK(pair.owed() == 4);
    pair.turn("more");
    REQUIRE(pair.until([&] { return pair.client->received == "heldmore"; }));
    CHECK(Loop::Clock::now() - pair.owed_since < Loop::most_delays * HardPressedPair::short_delay);
}

TEST_CASE("on a busy loop a connection that was not written to of late is written to at once") {
    BusyPair pair;
    test::TcpPair sockets(pair.io);
    End quiet(pair.loop, std::move(sockets.far_end));
    quiet.connection->start();
    quiet.say("first");
    pair.server->say("held");
    pair.loop.flush_all();
    CHECK(quiet.connection->owed_bytes() == 0);
    CHECK(pair.owed() == 4);
}

TEST_CASE("what fills a record, and what is said last, does not wait") {
    BusyPair pair;
    pair.turn(numbered(Loop::record_bytes));
    CHECK(pair.owed() == 0);
    pair.server->say("farewell");
    pair.server->connection->finish();
    pair.loop.flush_all();
    CHECK(pair.owed() == 0);
    REQUIRE(pair.until([&] { return pair.client->received.ends_with("farewell"); }));
}

TEST_CASE("a connection may go away while what it is owed is kept") {
    BusyPair pair;
    test::TcpPair sockets(pair.io);
    std::optional<End> other;
    other.emplace(pair.loop, std::move(sockets.far_end));
    other->connection->start();
    other->say("a");
    pair.loop.flush_all();
    other->say("b");
    pair.turn("held");
    REQUIRE(other->connection->owed_bytes() == 1);
    other.reset();
    REQUIRE(pair.until([&] { return pair.client->received == "held"; }));
}

TEST_CASE("without a delay nothing waits") {
    BusyPair pair;
    pair.loop.coalesce(std::chrono::microseconds(0));
    pair.turn("now");
    CHECK(pair.owed() == 0);
}

}  // namespace roomcast::net
