#include "consumer/nicks.hpp"

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {

constexpr TimeMs start = 1'000'000;
constexpr TimeMs later = start + limits::nick_reserved_ms;
constexpr PeerId edge_1{1};
constexpr PeerId edge_2{2};

FoldedName nick(const std::string& text = "ann") { return FoldedName::trusted(text); }

}  // namespace

TEST_CASE("a nick that was reserved is its token's for as long as is stated, and then anybody's") {
    Nicks nicks;
    REQUIRE(nicks.reserve(nick(), "a", start));
    CHECK(nicks.reserve(nick(), "a", start));
    CHECK(nicks.reserve(nick(), "b", later - 1).error().code == Errc::name_taken);
    CHECK(nicks.hold(edge_1, nick(), "b", later - 1).error().code == Errc::name_taken);
    CHECK(nicks.in_use(nick(), later - 1));
    CHECK_FALSE(nicks.in_use(nick(), later));
    CHECK(nicks.reserve(nick(), "b", later));
    CHECK(nicks.reserve(nick(), "a", later).error().code == Errc::name_taken);
}

TEST_CASE("a nick stays in use while a session at any edge has it, and as long again as is stated") {
    Nicks nicks;
    REQUIRE(nicks.hold(edge_1, nick(), "a", start));
    REQUIRE(nicks.hold(edge_2, nick(), "a", start));
    nicks.release(edge_1, nick(), "a", start);
    CHECK(nicks.in_use(nick(), start + 10 * limits::nick_reserved_ms));
    SUBCASE("until it is let go") { nicks.release(edge_2, nick(), "a", start); }
    SUBCASE("until its edge is lost") { nicks.drop_peer(edge_2, start); }
    CHECK(nicks.in_use(nick(), later - 1));
    CHECK_FALSE(nicks.in_use(nick(), later));
}

TEST_CASE("a nick is not let go by a token that has lost it") {
    Nicks nicks;
    REQUIRE(nicks.reserve(nick(), "old", start));
    REQUIRE(nicks.hold(edge_1, nick(), "new", later));
    nicks.release(edge_1, nick(), "old", later);
    CHECK(nicks.reserve(nick(), "third", later + 10 * limits::nick_reserved_ms).error().code ==
          Errc::name_taken);
}

TEST_CASE("no more nicks than are stated are known at a time; those that have run out make room") {
    Nicks nicks;
    for (std::size_t i = 0; i < limits::nicks_per_worker; ++i)
        REQUIRE(nicks.reserve(nick("guest" + std::to_string(i)), "a", start));
    CHECK(nicks.reserve(nick("one more"), "a", later - 1).error().code == Errc::busy);
    CHECK(nicks.reserve(nick("guest0"), "a", later - 1));
    CHECK(nicks.reserve(nick("one more"), "a", later));
    CHECK(nicks.size() == 2);
}

}  // namespace roomcast::consumer
