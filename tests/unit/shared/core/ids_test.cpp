#include "shared/core/ids.hpp"

#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "shared/core/rendezvous.hpp"

namespace roomcast {
namespace {

std::string every_byte_but(std::string_view allowed) {
    std::string rest;
    for (int c = 0; c < 256; ++c)
        if (allowed.find(static_cast<char>(c)) == std::string_view::npos)
            rest.push_back(static_cast<char>(c));
    return rest;
}

constexpr std::string_view slug_first = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view slug_rest = "abcdefghijklmnopqrstuvwxyz0123456789_-";

}  // namespace

TEST_CASE("a room slug is [a-z0-9][a-z0-9_-]{0,63}, byte for byte") {
    for (const char c : slug_first) CHECK(RoomSlug::parse(std::string(1, c)));
    for (const char c : every_byte_but(slug_first)) CHECK_FALSE(RoomSlug::parse(std::string(1, c)));
    for (const char c : slug_rest) CHECK(RoomSlug::parse(std::string("a") + c));
    for (const char c : every_byte_but(slug_rest)) {
        CHECK_FALSE(RoomSlug::parse(std::string("a") + c));
        CHECK_FALSE(RoomSlug::parse(std::string("a") + c + "b"));
    }
    CHECK_FALSE(RoomSlug::parse(""));
}

TEST_CASE("names are as long as their limits and no longer") {
    const auto of = [](std::size_t bytes) { return std::string(bytes, 'a'); };
    CHECK(RoomSlug::parse(of(limits::room_slug_bytes)));
    CHECK_FALSE(RoomSlug::parse(of(limits::room_slug_bytes + 1)));
    CHECK(Epoch::parse(of(limits::epoch_bytes)));
    CHECK_FALSE(Epoch::parse(of(limits::epoch_bytes + 1)));
    CHECK(MessageId::parse(of(limits::message_id_bytes)));
    CHECK_FALSE(MessageId::parse(of(limits::message_id_bytes + 1)));
    CHECK(UserName::parse(of(limits::user_name_bytes)));
    CHECK_FALSE(UserName::parse(of(limits::user_name_bytes + 1)));
    CHECK(SessionId::parse(of(limits::session_id_bytes)));
    CHECK_FALSE(SessionId::parse(of(limits::session_id_bytes + 1)));
    CHECK(NodeId::parse(of(limits::node_id_bytes)));
    CHECK_FALSE(NodeId::parse(of(limits::node_id_bytes + 1)));
    for (const bool empty_is_a_name :
         {Epoch::parse("").has_value(), MessageId::parse("").has_value(), UserName::parse("").has_value(),
          SessionId::parse("").has_value(), NodeId::parse("").has_value()})
        CHECK_FALSE(empty_is_a_name);
}

TEST_CASE("an epoch is lower-case letters and digits, so that a topic's name can end in it") {
    for (const char c : slug_first) CHECK(Epoch::parse(std::string(1, c)));
    for (const char c : every_byte_but(slug_first)) CHECK_FALSE(Epoch::parse(std::string("a") + c));
}

TEST_CASE("a message id is printable ASCII without spaces") {
    for (int c = 0; c < 256; ++c)
        CHECK(MessageId::parse(std::string(1, static_cast<char>(c))).has_value() == (c > 0x20 && c < 0x7f));
}

TEST_CASE("a user name is trimmed UTF-8 without control characters, counted in bytes") {
    CHECK(UserName::parse("alice"));
    CHECK(UserName::parse("alice b. cooper"));
    CHECK(UserName::parse("\u017bó\u0142w \U0001F422"));
    CHECK_FALSE(UserName::parse(" alice"));
    CHECK_FALSE(UserName::parse("alice "));
    CHECK_FALSE(UserName::parse(" "));
    for (int c = 0; c < 0x20; ++c)
        CHECK_FALSE(UserName::parse(std::string("a") + static_cast<char>(c) + "b"));
    CHECK_FALSE(UserName::parse("a\x7f"));
    CHECK_FALSE(UserName::parse("a\xff"));
    CHECK_FALSE(UserName::parse("a\xc3"));
    std::string turtles;
    for (int i = 0; i < 16; ++i) turtles += "\U0001F422";
    CHECK(UserName::parse(turtles));
    CHECK_FALSE(UserName::parse(turtles + "a"));
}

TEST_CASE("a node id starts with a letter or digit and has no slash or space") {
    CHECK(NodeId::parse("edge-1.eu_West"));
    for (const char* bad : {".edge", "-edge", "_edge", "edge 1", "edge/1", "edge:1", "édge"})
        CHECK_FALSE(NodeId::parse(bad));
}

TEST_CASE("the slot of a room never changes: it is where the room is on disk") {
    const auto slot = [](std::string_view room) { return slot_of(RoomSlug::parse(room).value()).value; };
    CHECK(slot("general") == 29);
    CHECK(slot("lobby") == 5);
    CHECK(slot("a") == 0);
    CHECK(slot("0") == 35);
    CHECK(slot("room-1") == 40);
    CHECK(slot("room_2") == 51);
    CHECK(slot(std::string(64, 'x')) == 46);
}

TEST_CASE("numbered rooms spread over all slots") {
    std::array<int, slot_count> rooms{};
    for (int i = 0; i < 6'400; ++i) ++rooms.at(slot_of(RoomSlug::trusted("room-" + std::to_string(i))).value);
    for (const int count : rooms) {
        CHECK(count > 50);
        CHECK(count < 150);
    }
}

TEST_CASE("fresh ids fit their own grammars and do not repeat") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto epoch = make_epoch();
        const auto session = make_session_id();
        const auto message = make_message_id();
        REQUIRE(Epoch::parse(epoch.str()));
        REQUIRE(SessionId::parse(session.str()));
        REQUIRE(MessageId::parse(message.str()));
        CHECK(seen.insert(epoch.str()).second);
        CHECK(seen.insert(session.str()).second);
        CHECK(seen.insert(message.str()).second);
    }
    CHECK(make_session_id().str().size() == 32);  // 128 bits
}

TEST_CASE("the next seq comes right after, and none before the first") {
    CHECK(Seq::none().next() == Seq{0});
    CHECK(Seq{7}.previous() == Seq{6});
    CHECK(Seq::none() < Seq{0});
}

TEST_CASE("when a node goes, only the slots that it led move to another") {
    const std::array nodes{NodeId::trusted("worker-1"), NodeId::trusted("worker-2"),
                           NodeId::trusted("worker-3")};
    const auto first_of = [&](std::uint16_t slot, std::size_t without) {
        std::size_t best = without == 0 ? 1 : 0;
        for (std::size_t i = 0; i < nodes.size(); ++i)
            if (i != without &&
                rendezvous_weight(nodes.at(i), Slot{slot}) > rendezvous_weight(nodes.at(best), Slot{slot}))
                best = i;
        return best;
    };
    std::array<int, 3> led{};
    for (std::uint16_t slot = 0; slot < slot_count; ++slot) {
        const auto leader = first_of(slot, 99);
        ++led.at(leader);
        if (leader != 1) CHECK(first_of(slot, 1) == leader);
    }
    for (const int slots : led) CHECK(slots > 8);
}

}  // namespace roomcast
