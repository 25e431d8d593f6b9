#include "consumer/message_ring.hpp"

#include <doctest/doctest.h>

#include "tests/support/recording_peer.hpp"

namespace roomcast::consumer {
namespace {

link::Entry message(std::int64_t seq, std::size_t bytes = 10) {
    return {Seq{seq}, 0, Seq{seq}, std::string(bytes, 'm')};
}
link::Entry repeat(std::int64_t seq) { return {Seq{seq}, 0, Seq{0}, {}}; }

std::vector<std::int64_t> seqs(const std::vector<link::Entry>& entries) {
    std::vector<std::int64_t> found;
    found.reserve(entries.size());
    for (const auto& entry : entries) found.push_back(entry.seq.value);
    return found;
}

}  // namespace

TEST_CASE("a ring gives what is above a seq, repeats too, and the newest messages without them") {
    MessageRing ring;
    ring.reset(Seq{9});
    for (std::int64_t seq = 10; seq < 20; ++seq) ring.push(seq % 4 == 0 ? repeat(seq) : message(seq));
    CHECK(seqs(ring.above(Seq{9})) == test::range(10, 20));
    CHECK(seqs(ring.above(Seq{17})) == std::vector<std::int64_t>{18, 19});
    CHECK(ring.above(Seq{19}).empty());
    std::vector<link::Entry> found;
    REQUIRE(ring.newest(Seq{17}, 3, Seq{0}, found));
    CHECK(seqs(found) == std::vector<std::int64_t>{13, 14, 15});
}

TEST_CASE(
    "a ring that may not hold all that is asked for says so; one that reaches the log's start gives what "
    "there is") {
    MessageRing ring;
    ring.reset(Seq{9});
    for (std::int64_t seq = 10; seq < 13; ++seq) ring.push(message(seq));
    std::vector<link::Entry> found;
    CHECK_FALSE(ring.newest(Seq{100}, 4, Seq{0}, found));
    CHECK(found.empty());
    CHECK(ring.newest(Seq{100}, 3, Seq{0}, found));
    found.clear();
    REQUIRE(ring.newest(Seq{100}, 4, Seq{10}, found));
    CHECK(seqs(found) == std::vector<std::int64_t>{10, 11, 12});
}

TEST_CASE("a ring keeps the newest up to its limits in messages and in bytes, and knows where it begins") {
    MessageRing ring;
    ring.reset(Seq::none());
    const auto most = static_cast<std::int64_t>(limits::hub_ring_messages);
    for (std::int64_t seq = 0; seq < most; ++seq) ring.push(message(seq));
    CHECK(ring.floor() == Seq::none());
    ring.push(message(most));
    CHECK(ring.floor() == Seq{0});
    CHECK(ring.entries().size() == limits::hub_ring_messages);
    ring.reset(Seq::none());
    for (std::int64_t seq = 0; seq < 5; ++seq) ring.push(message(seq, limits::hub_ring_bytes / 4));
    CHECK(ring.entries().size() == 4);
    CHECK(ring.floor() == Seq{0});
    ring.push(message(5, limits::hub_ring_bytes * 2));  // alone it is kept, whatever its size
    CHECK(ring.entries().size() == 1);
    CHECK(ring.floor() == Seq{4});
    CHECK(seqs(ring.above(Seq{4})) == std::vector<std::int64_t>{5});
}

}  // namespace roomcast::consumer
