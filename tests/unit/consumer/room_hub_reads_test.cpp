// The half of RoomHub's tests that asks about a room's past.
#include <doctest/doctest.h>

#include "consumer/room_hub.hpp"
#include "tests/unit/consumer/service_rig.hpp"

namespace roomcast::consumer {
namespace {

using Edge = ServiceRig::Edge;
using Kind = link::ReadHistory::Kind;
using test::range;

}  // namespace

TEST_CASE(
    "questions about the newest messages are answered from the ring, those about old ones from the log") {
    Subscribed rig(1'000);
    const auto latest = rig.edge.ask(question(Kind::latest, 0, 20));
    CHECK(seqs(latest) == range(980, 1'000));
    CHECK(latest->covered == Seq{999});
    CHECK(latest->more);
    CHECK(latest->log_first == Seq{0});
    CHECK(latest->log_last == Seq{999});
    CHECK(seqs(rig.edge.ask(question(Kind::after, 990))) == range(991, 1'000));
    CHECK(rig.service.stats().history_reads == 0);
    CHECK(rig.service.stats().history_from_ring == 2);
    const auto old = rig.edge.ask(question(Kind::before, 100, 20));
    CHECK(seqs(old) == range(80, 100));
    CHECK(old->more);
    CHECK(seqs(rig.edge.ask(question(Kind::after, 10, 5))) == range(11, 16));
    CHECK(rig.service.stats().history_reads == 2);
}

TEST_CASE("ring and log answer alike, wherever a page begins") {
    Subscribed rig(600);
    for (int i = 0; i < 40; ++i)
        rig.channel.say(rig.room, "alice", i % 3 == 0 ? "again" : "a" + std::to_string(i), "x");
    REQUIRE(rig.until([&] { return rig.edge.seqs().size() == 40; }));
    HistoryReader reader(rig.channel);
    for (const auto kind : {Kind::before, Kind::after})
        for (std::int64_t seq = 300; seq < 645; seq += 7)
            for (const int limit : {1, 5, 40}) {
                if (kind == Kind::after && seq >= 640) continue;
                std::optional<Result<HistoryResult>> truth;
                HistoryQuery query;
                query.kind = kind;
                query.seq = Seq{seq};
                query.limit = limit;
                reader.read(rig.room, query, [&](Result<HistoryResult> got) { truth = std::move(got); });
                REQUIRE(rig.until([&] { return truth.has_value(); }));
                std::vector<std::int64_t> expected;
                for (const auto& entry : (*truth)->entries) expected.push_back(entry.seq.value);
                auto answer = seqs(rig.edge.ask(question(kind, seq, limit)));
                // The log's pages may be shorter, by the repeats that they left out.
                CHECK(expected.empty() == answer.empty());
                if (kind == Kind::after && (**truth).more)
                    answer.resize(std::min(answer.size(), expected.size()));
                CHECK(answer == expected);
            }
    CHECK(rig.service.stats().history_from_ring > 0);
    CHECK(rig.service.stats().history_reads > 0);
}

TEST_CASE("a small room is answered from the ring to its first message, and `last` of none is no message") {
    Subscribed rig(3);
    const auto all = rig.edge.ask(question(Kind::latest));
    CHECK(seqs(all) == range(0, 3));
    CHECK_FALSE(all->more);
    CHECK_FALSE(rig.edge.ask(question(Kind::before, 1))->more);
    const auto none = rig.edge.ask(question(Kind::latest, 0, 0));
    CHECK(none->entries.empty());
    CHECK(none->covered == Seq{2});
    CHECK(rig.service.stats().history_reads == 0);
}

TEST_CASE("a question that must see a certain seq waits until it was read") {
    Subscribed rig(3);
    auto asked = question(Kind::latest, 0, 1);
    asked.at_least = Seq{4};
    rig.edge.post(asked);
    rig.channel.say_many(rig.room, 1);
    REQUIRE(rig.until([&] { return rig.edge.seqs() == range(3, 4); }));
    CHECK_FALSE(rig.edge.answered(asked.request));
    rig.channel.say_many(rig.room, 1);
    REQUIRE(rig.until([&] { return rig.edge.answered(asked.request).has_value(); }));
    CHECK(seqs(*rig.edge.answered(asked.request)) == range(4, 5));
}

TEST_CASE("questions that come before the room is active are answered when it is") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3);
    rig.channel.hold_reads = true;
    Edge edge(rig);
    edge.subscribe(1);
    REQUIRE(rig.until([&] { return rig.channel.reads == 1; }));
    auto asked = question(Kind::latest);
    edge.post(asked);
    rig.settle();
    CHECK_FALSE(edge.answered(asked.request));
    rig.channel.let_go();
    REQUIRE(rig.until([&] { return edge.answered(asked.request).has_value(); }));
    CHECK(seqs(*edge.answered(asked.request)) == range(0, 3));
}

TEST_CASE("a question from the future is answered by the log: not there yet, or read up to there first") {
    Subscribed rig(3);
    const auto never = rig.edge.ask(question(Kind::after, 10));
    CHECK(never->entries.empty());
    CHECK(never->log_last == Seq{2});
    CHECK(never->covered < Seq{10});
    rig.channel.hold_tails = true;
    rig.channel.say_many(rig.room, 5);  // another worker was faster
    auto ahead = question(Kind::after, 5);
    rig.edge.post(ahead);
    rig.settle();
    CHECK_FALSE(rig.edge.answered(ahead.request));
    rig.channel.let_go();
    REQUIRE(rig.until([&] { return rig.edge.answered(ahead.request).has_value(); }));
    CHECK(seqs(*rig.edge.answered(ahead.request)) == range(6, 8));
}

}  // namespace roomcast::consumer
