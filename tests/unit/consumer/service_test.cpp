#include "consumer/service.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/consumer/service_rig.hpp"

namespace roomcast::consumer {
namespace {

using Edge = ServiceRig::Edge;
using test::range;

link::Subscribe subscription(std::uint32_t number, std::string_view room, bool create) {
    link::Subscribe request;
    request.sub = link::SubId{number};
    request.room = RoomSlug::trusted(std::string(room));
    request.create = create;
    request.creator.user = UserName::trusted("alice");
    return request;
}

}  // namespace

TEST_CASE("a subscription from now on is told where it begins, and then every message once") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 5);
    Edge edge(rig);
    edge.subscribe(1);
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    const auto subscribed = edge.peer.all<link::Subscribed>().front();
    CHECK(subscribed.room.log == rig.room);
    CHECK(subscribed.position == Seq{4});
    rig.channel.say(rig.room, "bob", "c1", "hello");
    REQUIRE(rig.until([&] { return edge.seqs() == range(5, 6); }));
    const auto frame = nlohmann::json::parse(edge.peer.log(link::SubId{1}).front().frame);
    CHECK(frame["seq"] == 5);
    CHECK(frame["text"] == "hello");
    CHECK(frame["user"] == "bob");
}

TEST_CASE("a missing room is made where that is asked for, else refused") {
    ServiceRig rig;
    Edge edge(rig);
    rig.service.on_request(edge.id, subscription(1, "missing", false));
    REQUIRE(rig.until([&] { return edge.peer.has<link::Refused>(); }));
    CHECK(edge.peer.all<link::Refused>().front().error.code == Errc::no_such_room);
    CHECK(rig.service.subscriptions() == 0);
    rig.service.on_request(edge.id, subscription(2, "missing", true));
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    CHECK(edge.peer.all<link::Subscribed>().front().position == Seq::none());
    CHECK(rig.service.subscriptions() == 1);
    CHECK(rig.service.active_rooms() == 1);
}

TEST_CASE("who asks for an incarnation that is no longer there is told that it is gone, and none is made") {
    ServiceRig rig;
    Edge edge(rig);
    auto other = subscription(1, "general", true);
    other.epoch = Epoch::trusted("older");
    rig.service.on_request(edge.id, other);
    auto deleted = subscription(2, "deleted", true);
    deleted.epoch = Epoch::trusted("e1");
    rig.service.on_request(edge.id, deleted);
    REQUIRE(rig.until([&] { return edge.peer.all<link::Refused>().size() == 2; }));
    for (const auto& refused : edge.peer.all<link::Refused>()) CHECK(refused.error.code == Errc::room_gone);
    CHECK(rig.channel.creates == 0);
}

TEST_CASE("who comes back from long ago gets log, ring and live messages without gap or double") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 5'000);
    int said = 0;
    rig.channel.before_read_answer = [&] {
        if (++said <= 40) rig.channel.say_many(rig.room, 3);  // the room goes on while the past is read
    };
    Edge edge(rig);
    edge.subscribe(1, Seq{99});
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    CHECK(edge.peer.all<link::Subscribed>().front().position == Seq{99});
    REQUIRE(rig.until([&] { return edge.seqs().size() >= 4'900; }));
    rig.channel.before_read_answer = nullptr;
    rig.channel.say_many(rig.room, 2);
    const auto end = rig.channel.next(rig.room).value;
    CHECK(end > 5'002);
    REQUIRE(rig.until([&] { return !edge.seqs().empty() && edge.seqs().back() == end - 1; }));
    CHECK(edge.seqs() == range(100, end));
    CHECK(rig.channel.largest_read <= 4096);
}

TEST_CASE("edges with different pasts get the same future") {
    ServiceRig rig;
    rig.channel.say_many(rig.room, 3'000);
    Edge now(rig);
    Edge recent(rig);
    Edge old(rig);
    now.subscribe(1);
    recent.subscribe(1, Seq{2'990});
    old.subscribe(1, Seq{10});
    old.subscribe(2, Seq{2'999});
    REQUIRE(rig.until([&] { return rig.service.stats().subscribes == 4 && old.seqs(1).size() > 2'000; }));
    rig.channel.say_many(rig.room, 10);
    REQUIRE(rig.until([&] {
        return now.seqs().size() == 10 && old.seqs(1).size() == 2'999 && recent.seqs().size() == 19 &&
               old.seqs(2).size() == 10;
    }));
    CHECK(now.seqs() == range(3'000, 3'010));
    CHECK(recent.seqs() == range(2'991, 3'010));
    CHECK(old.seqs(1) == range(11, 3'010));
    CHECK(old.seqs(2) == range(3'000, 3'010));
    CHECK(rig.channel.tail_count() == 1);  // one reader for all
}

TEST_CASE("a position ahead of this worker is waited for: nothing below it is sent again") {
    ServiceRig rig;
    rig.channel.hold_tails = true;
    rig.channel.say_many(rig.room, 5);
    Edge first(rig);
    first.subscribe(1);
    REQUIRE(rig.until([&] { return first.peer.has<link::Subscribed>(); }));
    rig.channel.say_many(rig.room, 5);  // read by another worker already
    Edge ahead(rig);
    ahead.subscribe(1, Seq{7});
    rig.settle();
    rig.channel.let_go();
    REQUIRE(rig.until([&] { return first.seqs() == range(5, 10); }));
    CHECK(ahead.seqs() == range(8, 10));
}

TEST_CASE("a resend is handed on as a repeat that names its first, live and while catching up") {
    ServiceRig rig;
    rig.channel.say(rig.room, "alice", "c1", "once");
    Edge live(rig);
    live.subscribe(1);
    REQUIRE(rig.until([&] { return live.peer.has<link::Subscribed>(); }));
    rig.channel.say(rig.room, "alice", "c1", "once");
    REQUIRE(rig.until([&] { return live.seqs().size() == 1; }));
    Edge late(rig);
    late.subscribe(1, Seq::none());
    REQUIRE(rig.until([&] { return late.seqs().size() == 2; }));
    for (const auto& entry : {live.peer.log(link::SubId{1}).back(), late.peer.log(link::SubId{1}).back()}) {
        CHECK(entry.seq == Seq{1});
        CHECK_FALSE(entry.shown());
        CHECK(entry.first == Seq{0});
    }
    CHECK(late.peer.log(link::SubId{1}).front().shown());
    CHECK(rig.service.stats().repeats_dropped == 1);
}

TEST_CASE("after unsubscribing, or when its edge is gone, nothing more is sent; others go on") {
    ServiceRig rig;
    Edge stays(rig);
    Edge leaves(rig);
    stays.subscribe(1);
    leaves.subscribe(1);
    auto vanishes = std::make_unique<Edge>(rig);
    vanishes->subscribe(1);
    REQUIRE(rig.until(
        [&] { return leaves.peer.has<link::Subscribed>() && vanishes->peer.has<link::Subscribed>(); }));
    leaves.unsubscribe(1);
    vanishes.reset();
    rig.channel.say_many(rig.room, 3);
    REQUIRE(rig.until([&] { return stays.seqs() == range(0, 3); }));
    CHECK(leaves.seqs().empty());
    CHECK(rig.service.subscriptions() == 1);
    link::ReadHistory question;
    CHECK(leaves.ask(question).error().code == Errc::unavailable);
}

TEST_CASE("an edge that unsubscribes before its answer hears nothing of it") {
    ServiceRig rig;
    Edge edge(rig);
    edge.subscribe(1);
    edge.unsubscribe(1);
    edge.subscribe(2);
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    rig.settle();
    CHECK(edge.peer.all<link::Subscribed>().size() == 1);
    CHECK(edge.peer.all<link::Subscribed>().front().sub == link::SubId{2});
}

TEST_CASE("a room that nobody uses any more is put down, and one that is used again is not") {
    ServiceRig rig;
    Service service(rig.io, rig.channel, rig.directory, rig.accounts, rig.log.log,
                    std::chrono::milliseconds(1));
    test::RecordingPeer peer;
    const PeerId id = service.attach(peer);
    service.on_request(id, subscription(1, "general", false));
    service.on_request(id, subscription(2, "another", true));
    REQUIRE(rig.until([&] { return peer.all<link::Subscribed>().size() == 2; }));
    service.on_request(id, link::Unsubscribe{link::SubId{1}});
    service.on_request(id, link::Unsubscribe{link::SubId{2}});
    service.on_request(id, subscription(3, "another", false));
    REQUIRE(rig.until([&] { return service.hub_of(general) == nullptr; }));
    CHECK(service.active_rooms() == 1);
    service.on_request(id, subscription(4, "general", false));
    REQUIRE(rig.until([&] { return peer.all<link::Subscribed>().size() == 4; }));
    service.detach(id);
    REQUIRE(rig.until([&] { return service.active_rooms() == 0; }));
    CHECK(service.take_changed().empty());
}

TEST_CASE("a room whose log is lost is refused to all, forgotten, and can be made anew") {
    ServiceRig rig;
    Edge edge(rig);
    Edge other(rig);
    edge.subscribe(1);
    other.subscribe(1);
    REQUIRE(
        rig.until([&] { return edge.peer.has<link::Subscribed>() && other.peer.has<link::Subscribed>(); }));
    rig.channel.lose_log(rig.room);
    REQUIRE(rig.until([&] { return edge.peer.has<link::Refused>() && other.peer.has<link::Refused>(); }));
    CHECK(edge.peer.all<link::Refused>().front().error.code == Errc::room_gone);
    REQUIRE(rig.until([&] { return !rig.channel.value_of(slot_of(general), channel::room_key(rig.room)); }));
    CHECK(rig.service.active_rooms() == 0);
    CHECK(rig.service.subscriptions() == 0);
    rig.settle();
    rig.service.on_request(edge.id, subscription(2, "general", true));
    REQUIRE(rig.until([&] { return edge.peer.all<link::Subscribed>().size() == 2; }));
    CHECK(edge.peer.all<link::Subscribed>().back().room.log != rig.room);
}

TEST_CASE("a room deleted in the directory is refused to its subscribers") {
    ServiceRig rig;
    Edge edge(rig);
    edge.subscribe(1);
    REQUIRE(rig.until([&] { return edge.peer.has<link::Subscribed>(); }));
    rig.channel.append(slot_of(general), channel::room_key(rig.room), std::nullopt, [](Result<Seq>) {});
    REQUIRE(rig.until([&] { return edge.peer.has<link::Refused>(); }));
    CHECK(edge.peer.all<link::Refused>().front().error.code == Errc::room_gone);
}

TEST_CASE("a worker that drains tells every edge") {
    ServiceRig rig;
    Edge one(rig);
    Edge two(rig);
    CHECK(rig.service.peers() == 2);
    rig.service.drain();
    CHECK(one.peer.has<link::Draining>());
    CHECK(two.peer.has<link::Draining>());
}

}  // namespace roomcast::consumer
