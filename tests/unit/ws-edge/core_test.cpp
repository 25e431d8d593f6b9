#include "ws-edge/core.hpp"

#include <doctest/doctest.h>

#include "tests/unit/ws-edge/core_rig.hpp"

namespace roomcast::edge {
namespace {

using Numbers = std::vector<std::int64_t>;

link::ReadHistory latest() {
    link::ReadHistory question;
    question.kind = link::ReadHistory::Kind::latest;
    return question;
}

}  // namespace

TEST_CASE("a room that several shards want is subscribed once, and each is told under its own generation") {
    CoreRig rig;
    rig.open(0, 7);
    rig.open(2, 9);
    const auto asked = rig.workers.asked<link::Subscribe>(worker_a);
    REQUIRE(asked.size() == 1);
    CHECK(asked.front().room == general);
    CHECK(asked.front().create);
    CHECK(asked.front().creator == alice);
    CHECK(asked.front().epoch.empty());
    CHECK(rig.heard<RoomOpened>(0).empty());
    rig.grant(worker_a, Seq{41});
    for (const auto& [shard, generation] : {std::pair{0U, 7U}, {2U, 9U}}) {
        const auto opened = rig.heard<RoomOpened>(shard);
        REQUIRE(opened.size() == 1);
        CHECK(opened.front().generation == generation);
        CHECK(opened.front().info->log == general_log);
        CHECK(opened.front().position == Seq{41});
    }
    rig.open(3, 11);  // it is open: answered from here
    REQUIRE(rig.heard<RoomOpened>(3).size() == 1);
    CHECK(rig.heard<RoomOpened>(3).front().generation == 11);
    CHECK(rig.workers.asked<link::Subscribe>(worker_a).size() == 1);
    CHECK(rig.heard<RoomOpened>(1).empty());
}

TEST_CASE("a batch goes to the shards that have the room, once and as one post, and to no other") {
    CoreRig rig;
    rig.open_and_grant({0, 2}, Seq{9});
    const auto sub = rig.last_sub(worker_a);
    const auto posts = rig.posts;
    rig.deliver(worker_a, sub, {10, 11});
    rig.deliver(worker_a, sub, {13});
    rig.settle();
    CHECK(rig.seqs(0) == Numbers{10, 11, 13});
    CHECK(rig.seqs(2) == Numbers{10, 11, 13});
    CHECK(rig.told[1].empty());
    CHECK(rig.posts[0] == posts[0] + 1);
    CHECK(rig.heard<RoomBatch>(0).front().entries ==
          rig.heard<RoomBatch>(2).front().entries);  // shared, not copied
    rig.close(2);
    rig.deliver(worker_a, sub, {14});
    CHECK(rig.seqs(0).back() == 14);
    CHECK(rig.seqs(2).back() == 13);
    rig.open(2, 2);
    CHECK(rig.heard<RoomOpened>(2).back().position == Seq{14});
}

TEST_CASE("a room that no shard wants any more is let go at the worker") {
    CoreRig rig;
    rig.open_and_grant({0, 1}, Seq{0});
    const auto sub = rig.last_sub(worker_a);
    rig.close(0);
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).empty());
    rig.close(1);
    REQUIRE(rig.workers.asked<link::Unsubscribe>(worker_a).size() == 1);
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).front().sub == sub);
    CHECK(rig.core.rooms() == 0);
    rig.deliver(worker_a, sub, {1});  // was on its way
    CHECK(rig.seqs(0).empty());
    rig.open(0, 2);
    CHECK(rig.last_sub(worker_a) != sub);
    rig.core.on_worker_event(
        worker_a, link::Subscribed{sub, Seq{5}, RoomInfo{general_log, alice}});  // of the old subscription
    CHECK(rig.heard<RoomOpened>(0).size() == 1);
    rig.grant(worker_a, Seq{6});
    REQUIRE(rig.heard<RoomOpened>(0).size() == 2);
    CHECK(rig.heard<RoomOpened>(0).back().generation == 2);
    CHECK(rig.heard<RoomOpened>(0).back().position == Seq{6});
}

TEST_CASE("a room closed and opened again before the answer is opened for the newer generation alone") {
    CoreRig rig;
    rig.open(0, 1);
    rig.close(0);
    rig.open(0, 2);
    rig.grant(worker_a, Seq{3});
    REQUIRE(rig.heard<RoomOpened>(0).size() == 1);
    CHECK(rig.heard<RoomOpened>(0).front().generation == 2);
}

TEST_CASE(
    "when its worker is lost, a room is subscribed elsewhere from the last position, without gap or double") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{9});
    rig.deliver(worker_a, rig.last_sub(worker_a), {10, 11, 12});
    rig.workers.routed_to = worker_b;
    rig.core.on_worker_lost(worker_a);
    const auto asked = rig.workers.asked<link::Subscribe>(worker_b);
    REQUIRE(asked.size() == 1);
    CHECK(asked.front().epoch == epoch);
    CHECK(asked.front().after == Seq{12});
    CHECK_FALSE(asked.front().create);
    const auto sub = rig.grant(worker_b, Seq{12});
    rig.deliver(worker_b, sub, {11, 12, 13, 14});  // overlaps what was handed on
    rig.deliver(worker_b, sub, {14, 15});
    CHECK(rig.seqs(0) == Numbers{10, 11, 12, 13, 14, 15});
    CHECK(rig.heard<RoomOpened>(0).size() == 1);  // the shard notices nothing
    CHECK(rig.core.stats().resubscribes == 1);
}

TEST_CASE("while a slot moves the old worker is listened to until the new one has granted") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{0});
    const auto old_sub = rig.last_sub(worker_a);
    rig.workers.routed_to = worker_b;
    rig.core.on_routes_changed();
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).empty());
    rig.deliver(worker_a, old_sub, {1, 2});
    const auto new_sub = rig.grant(worker_b, Seq{0});
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).size() == 1);
    rig.deliver(worker_b, new_sub, {1, 2, 3});
    rig.deliver(worker_a, old_sub, {3, 4});  // not listened to any more
    rig.deliver(worker_b, new_sub, {4});
    CHECK(rig.seqs(0) == Numbers{1, 2, 3, 4});
    rig.core.on_routes_changed();  // to where it is already
    CHECK(rig.workers.asked<link::Subscribe>(worker_b).size() == 1);
}

TEST_CASE("a slot that moves back before the grant leaves the subscription as it was") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{0});
    const auto sub = rig.last_sub(worker_a);
    rig.workers.routed_to = worker_b;
    rig.core.on_routes_changed();
    rig.workers.routed_to = worker_a;
    rig.core.on_routes_changed();
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_b).size() == 1);
    CHECK(rig.workers.asked<link::Subscribe>(worker_a).size() == 1);
    rig.grant(worker_b, Seq{0});  // too late
    rig.deliver(worker_a, sub, {1});
    CHECK(rig.seqs(0) == Numbers{1});
}

TEST_CASE("with no worker in reach a room waits, and is subscribed as soon as there is one") {
    CoreRig rig;
    rig.workers.routed_to = std::nullopt;
    rig.open(0);
    CHECK(rig.workers.sent.empty());
    rig.workers.routed_to = worker_b;
    REQUIRE(rig.until([&] { return !rig.workers.asked<link::Subscribe>(worker_b).empty(); }));
    rig.grant(worker_b, Seq{0});
    CHECK(rig.heard<RoomOpened>(0).size() == 1);
}

TEST_CASE("an opening that is refused tells every shard that waits") {
    CoreRig rig;
    rig.open(0, 5);
    rig.open(1, 6);
    rig.core.on_worker_event(worker_a, link::Refused{rig.last_sub(worker_a), Error{Errc::no_such_room, {}}});
    REQUIRE(rig.heard<RoomRefused>(0).size() == 1);
    CHECK(rig.heard<RoomRefused>(0).front().generation == 5);
    CHECK(rig.heard<RoomRefused>(0).front().error.code == Errc::no_such_room);
    CHECK(rig.heard<RoomRefused>(1).front().generation == 6);
    CHECK(rig.core.rooms() == 0);
}

TEST_CASE("a subscription refused as unavailable is tried again from the same position") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{0});
    rig.deliver(worker_a, rig.last_sub(worker_a), {1, 2});
    REQUIRE(rig.until([&] { return rig.core.unsettled_rooms() == 0; }));
    rig.core.on_worker_event(worker_a, link::Refused{rig.last_sub(worker_a), Error{Errc::unavailable, {}}});
    REQUIRE(rig.until([&] { return rig.workers.asked<link::Subscribe>(worker_a).size() == 2; }));
    CHECK(rig.workers.asked<link::Subscribe>(worker_a).back().after == Seq{2});
    CHECK(rig.heard<RoomClosed>(0).empty());
}

TEST_CASE("a room is looked after until it is read, and again when nobody reads it") {
    CoreRig rig;
    rig.open(0);
    CHECK(rig.core.unsettled_rooms() == 1);
    rig.grant(worker_a, Seq{0});
    REQUIRE(rig.until([&] { return rig.core.unsettled_rooms() == 0; }));
    rig.workers.routed_to = std::nullopt;
    rig.core.on_worker_lost(worker_a);
    CHECK(rig.core.unsettled_rooms() == 1);
    rig.workers.routed_to = worker_b;
    REQUIRE(rig.until([&] { return !rig.workers.asked<link::Subscribe>(worker_b).empty(); }));
    CHECK(rig.core.unsettled_rooms() == 1);
    rig.close(0);
    REQUIRE(rig.until([&] { return rig.core.unsettled_rooms() == 0; }));
}

TEST_CASE("a question goes to the room's worker, and its answer to the session that asked") {
    CoreRig rig;
    rig.open_and_grant({1}, Seq{5});
    rig.core.on_commands(1, {AskPage{general, SessionKey{70}, 33, latest()}});
    const auto asked = rig.workers.asked<link::ReadHistory>(worker_a);
    REQUIRE(asked.size() == 1);
    CHECK(asked.front().sub == rig.last_sub(worker_a));
    link::HistoryPage page;
    page.request = asked.front().request;
    page.covered = Seq{5};
    rig.core.on_worker_event(worker_a, page);
    rig.core.on_worker_event(worker_a, page);  // once is enough
    const auto arrived = rig.heard<PageArrived>(1);
    REQUIRE(arrived.size() == 1);
    CHECK(arrived.front().session == SessionKey{70});
    CHECK(arrived.front().ticket == 33);
    REQUIRE(arrived.front().page);
    CHECK(arrived.front().page->covered == Seq{5});
}

TEST_CASE("questions are asked again after a take-over, and the old worker's refusal is not the answer") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{5});
    rig.core.on_commands(0, {AskPage{general, SessionKey{1}, 10, latest()}});
    rig.workers.routed_to = worker_b;
    rig.core.on_routes_changed();
    const auto sub = rig.grant(worker_b, Seq{5});
    const auto again = rig.workers.asked<link::ReadHistory>(worker_b);
    REQUIRE(again.size() == 1);
    CHECK(again.front().sub == sub);
    CHECK(again.front().request == rig.workers.asked<link::ReadHistory>(worker_a).front().request);
    rig.core.on_worker_event(worker_a,
                             link::HistoryRefused{again.front().request, Error{Errc::unavailable, {}}});
    CHECK(rig.heard<PageArrived>(0).empty());
    link::HistoryPage page;
    page.request = again.front().request;
    rig.core.on_worker_event(worker_b, page);
    REQUIRE(rig.heard<PageArrived>(0).size() == 1);
    CHECK(rig.heard<PageArrived>(0).front().page);
}

TEST_CASE("a question asked while no worker is there is asked when one has granted") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{5});
    rig.workers.routed_to = std::nullopt;
    rig.core.on_worker_lost(worker_a);
    rig.core.on_commands(0, {AskPage{general, SessionKey{1}, 10, latest()}});
    CHECK(rig.workers.asked<link::ReadHistory>(worker_a).empty());
    rig.workers.routed_to = worker_b;
    rig.core.on_routes_changed();
    rig.grant(worker_b, Seq{5});
    CHECK(rig.workers.asked<link::ReadHistory>(worker_b).size() == 1);
}

TEST_CASE("what nobody answers is answered as unavailable at its deadline: openings and questions") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq{5});
    rig.core.on_commands(0, {AskPage{general, SessionKey{1}, 10, latest()}});
    rig.core.on_commands(1, {OpenRoom{RoomSlug::trusted("other"), {}, true, 4}});
    const auto asked = std::chrono::steady_clock::now();
    REQUIRE(
        rig.until([&] { return !rig.heard<PageArrived>(0).empty() && !rig.heard<RoomRefused>(1).empty(); }));
    CHECK(std::chrono::steady_clock::now() - asked >=
          std::chrono::milliseconds(limits::channel_request_deadline_ms));
    CHECK(rig.heard<PageArrived>(0).front().page.error().code == Errc::unavailable);
    CHECK(rig.heard<RoomRefused>(1).front().error.code == Errc::unavailable);
    CHECK(rig.core.rooms() == 1);
}

}  // namespace roomcast::edge
