#include "consumer/room_hub.hpp"

#include <doctest/doctest.h>

#include "tests/unit/consumer/service_rig.hpp"

namespace roomcast::consumer {
namespace {

using Edge = ServiceRig::Edge;
using Kind = link::ReadHistory::Kind;
using test::range;

/// Nothing is lost, and what else it is told is counted.
struct CountingOwner final : RoomHub::Owner {
    int changes = 0;
    int unused = 0;
    int ended = 0;
    void on_lost(const LogId& /*log*/, const Error& /*why*/) override { FAIL("nothing is lost"); }
    void on_changed(RoomHub& /*hub*/) override { ++changes; }
    void on_unused(RoomHub& /*hub*/) override { ++unused; }
    void on_ended(RoomHub& /*hub*/) override { ++ended; }
};

}  // namespace

TEST_CASE("a tail that breaks is begun again where it stopped, without gap or double") {
    Subscribed rig(3);
    for (int round = 0; round < 3; ++round) {
        const auto before = rig.service.stats().tail_restarts;
        rig.channel.fail_tails(rig.room, Error{Errc::unavailable, "the broker went away"});
        if (round == 1) rig.channel.failing_bounds = 1;
        REQUIRE(rig.until([&] { return rig.channel.tail_count() == 0; }));
        rig.channel.say_many(rig.room, 4);
        REQUIRE(
            rig.until([&] { return rig.edge.seqs().size() == static_cast<std::size_t>(4 * (round + 1)); }));
        CHECK(rig.service.stats().tail_restarts > before);
    }
    CHECK(rig.edge.seqs() == range(3, 15));
}

TEST_CASE("a room whose log cannot be reached at first becomes active when it can") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3);
    rig.channel.failing_bounds = 1;
    rig.channel.failing_reads = 1;
    Edge edge(rig);
    edge.subscribe(1, Seq{0});
    REQUIRE(rig.until([&] { return edge.seqs().size() == 2; }));
    CHECK(edge.seqs() == range(1, 3));
    CHECK(rig.service.stats().tail_restarts == 2);
}

TEST_CASE(
    "a tail that breaks while the room becomes active loses nothing, however long the past takes to read") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3);
    rig.channel.hold_reads = true;
    Edge edge(rig);
    edge.subscribe(1);
    REQUIRE(rig.until([&] { return rig.channel.reads == 1; }));
    rig.channel.fail_tails(rig.room, Error{Errc::unavailable, "the broker went away"});
    REQUIRE(rig.until([&] { return rig.channel.tail_count() == 0; }));
    // The reading is answered only when the tail would have been begun again; the room goes on meanwhile.
    (void)test::pump_until(
        rig.io, [&] { return rig.channel.reads == 2; }, std::chrono::milliseconds(400));
    rig.channel.say_many(rig.room, 4);
    rig.channel.let_go();
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    REQUIRE(rig.until([&] { return rig.channel.tail_count() == 1; }));
    rig.channel.say_many(rig.room, 1);
    REQUIRE(rig.until([&] { return !edge.seqs().empty() && edge.seqs().back() == 7; }));
    CHECK(edge.peer.all<link::Subscribed>().size() == 1);
    const auto from = edge.peer.all<link::Subscribed>().front().position.value;
    CHECK(edge.seqs() == range(from + 1, 8));
}

TEST_CASE("what the tail shows while the past is read comes after it, once") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3);
    rig.channel.hold_reads = true;
    Edge now(rig);
    Edge back(rig);
    now.subscribe(1);
    back.subscribe(1, Seq{0});
    REQUIRE(rig.until([&] { return rig.channel.reads == 1; }));
    rig.channel.say_many(rig.room, 4);
    rig.settle();
    rig.channel.let_go();
    REQUIRE(rig.until([&] { return now.seqs().size() == 4 && back.seqs().size() == 6; }));
    CHECK(now.peer.all<link::Subscribed>().front().position == Seq{2});
    CHECK(now.seqs() == range(3, 7));
    CHECK(back.seqs() == range(1, 7));
}

TEST_CASE("a position that retention has passed is refused, never skipped over") {
    Subscribed rig(1'000);
    rig.channel.trim(rig.room, Seq{500});
    Edge late(rig);
    late.subscribe(1, Seq{100});
    REQUIRE(rig.until([&] { return late.peer.has<link::Refused>(); }));
    CHECK(late.peer.all<link::Refused>().front().error.code ==
          Errc::room_gone);  // to be joined again, and told so
    CHECK(late.seqs().empty());
    Edge exact(rig);
    exact.subscribe(1, Seq{499});
    REQUIRE(rig.until([&] { return exact.seqs().size() == 500; }));
    CHECK(exact.seqs() == range(500, 1'000));
}

TEST_CASE("a log that is shorter than it was is not the log that it was: its subscribers are told") {
    Subscribed rig(10);
    rig.channel.lose_from(rig.room, Seq{5});
    rig.channel.fail_tails(rig.room, Error{Errc::not_found, "beyond the end"});
    REQUIRE(rig.until([&] { return rig.edge.peer.has<link::Refused>(); }));
    CHECK(rig.edge.peer.all<link::Refused>().front().error.code == Errc::room_gone);
}

TEST_CASE(
    "a log whose unread messages retention took is refused to who waited for them, and goes on for who comes "
    "next") {
    Subscribed rig(10);
    rig.channel.fail_tails(rig.room, Error{Errc::unavailable, "a long outage"});
    REQUIRE(rig.until([&] { return rig.channel.tail_count() == 0; }));
    rig.channel.say_many(rig.room, 10);
    rig.channel.trim(rig.room, Seq{15});
    REQUIRE(rig.until([&] { return rig.edge.peer.has<link::Refused>(); }));
    CHECK(rig.edge.peer.all<link::Refused>().front().error.code == Errc::room_gone);
    Edge next(rig);
    next.subscribe(1, Seq{14});
    REQUIRE(rig.until([&] { return next.seqs().size() == 5; }));
    CHECK(next.seqs() == range(15, 20));
}

TEST_CASE("a long gap at the log's end does not hide the messages before it") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3);
    rig.channel.skip(rig.room, 1'000);
    Edge edge(rig);
    edge.subscribe(1, Seq{0});
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    CHECK(seqs(edge.ask(question(Kind::latest))) == range(0, 3));
    CHECK(edge.seqs() == range(1, 3));
}

TEST_CASE("a hub is idle when nobody has subscribed for a while") {
    boost::asio::io_context io;
    test::FakeChannel channel(io);
    const LogId log{general, Epoch::trusted("e1")};
    channel.make_log(log);
    Stats stats;
    test::RecordingPeer peer;
    CountingOwner owner;
    RoomHub hub(io, RoomInfo{log, {}}, nullptr, channel, stats, owner);
    const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(1); };
    test::pump_ready(io);
    CHECK(hub.idle_since(soon()));
    CHECK_FALSE(hub.idle_since(std::chrono::steady_clock::now() - std::chrono::seconds(1)));
    hub.subscribe(PeerId{1}, peer, link::SubId{1}, std::nullopt);
    CHECK_FALSE(hub.idle_since(soon()));
    hub.unsubscribe(PeerId{1}, link::SubId{1});
    CHECK(hub.idle_since(soon()));
}

TEST_CASE("a hub tells its owner of changes once until it is looked at, when it is left, and its end") {
    boost::asio::io_context io;
    test::FakeChannel channel(io);
    const LogId log{general, Epoch::trusted("e1")};
    channel.make_log(log);
    Stats stats;
    CountingOwner owner;
    {
        test::RecordingPeer peer;
        RoomHub hub(io, RoomInfo{log, {}}, nullptr, channel, stats, owner);
        hub.subscribe(PeerId{1}, peer, link::SubId{1}, std::nullopt);
        hub.subscribe(PeerId{1}, peer, link::SubId{2}, std::nullopt);
        test::pump_ready(io);
        CHECK(owner.changes == 1);
        CHECK(hub.look().edges == 2);
        channel.say_many(log, 1);
        channel.say_many(log, 1);
        test::pump_ready(io);
        CHECK(owner.changes == 2);
        CHECK(hub.look().records == 2);
        link::RosterChange change;
        change.joined.push_back({SessionId::trusted("s1"), UserName::trusted("alice")});
        hub.change_roster(PeerId{1}, change);
        CHECK(owner.changes == 3);
        CHECK(hub.look().members == 1);
        hub.unsubscribe(PeerId{1}, link::SubId{1});
        CHECK(owner.changes == 4);
        CHECK(owner.unused == 0);
        CHECK(hub.look().edges == 1);
        hub.drop_peer(PeerId{1});
        CHECK(owner.changes == 5);
        CHECK(owner.unused == 1);
        hub.subscribe(PeerId{1}, peer, link::SubId{3}, std::nullopt);
        hub.unsubscribe(PeerId{1}, link::SubId{3});
        CHECK(owner.unused == 2);
        CHECK(owner.ended == 0);
    }
    CHECK(owner.ended == 1);
}

TEST_CASE("a hub that is put down in the midst of its questions is not called back") {
    boost::asio::io_context io;
    test::FakeChannel channel(io);
    const LogId log{general, Epoch::trusted("e1")};
    channel.make_log(log);
    channel.say_many(log, 3'000);
    Stats stats;
    for (int steps = 0; steps < 40; ++steps) {
        test::RecordingPeer peer;
        {
            CountingOwner owner;
            RoomHub hub(io, RoomInfo{log, {}}, nullptr, channel, stats, owner);
            hub.subscribe(PeerId{1}, peer, link::SubId{1}, Seq{0});
            auto future = question(Kind::after, 5'000);
            hub.read(PeerId{1}, peer, future);
            if (io.stopped()) io.restart();
            for (int i = 0; i < steps; ++i) io.poll_one();
        }
        const auto events = peer.events.size();
        test::pump_ready(io);
        CHECK(peer.events.size() == events);
    }
    CHECK(channel.tail_count() == 0);
}

}  // namespace roomcast::consumer
