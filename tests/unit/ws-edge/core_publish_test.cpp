// The half of Core's tests that is about messages on their way out: acks, and what becomes of them when rooms
// go.
#include <chrono>

#include <doctest/doctest.h>

#include "shared/ops/metrics.hpp"
#include "tests/unit/ws-edge/core_rig.hpp"

namespace roomcast::edge {
namespace {

/// The outcomes that a shard was told, as "<session> <id> <seq or error>".
std::vector<std::string> outcomes(CoreRig& rig, ShardIndex shard) {
    std::vector<std::string> found;
    for (const auto& done : rig.heard<PublishDone>(shard))
        found.push_back(std::to_string(done.session.value) + " " + done.id.str() + " " +
                        (done.outcome ? std::to_string(done.outcome->value)
                                      : std::string(name_of(done.outcome.error().code))));
    return found;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a message is acked when it is in the log and has been read back, not before") {
    CoreRig rig;
    rig.open_and_grant({0, 1}, Seq::none());
    const auto sub = rig.last_sub(worker_a);
    rig.publish(0, 70, "c1");
    rig.publish(1, 80, "c2");
    CHECK(outcomes(rig, 0).empty());  // appended by now
    CHECK(rig.channel.next(general_log) == Seq{2});
    CHECK(rig.core.unanswered() == 2);
    rig.deliver(worker_a, sub, {0});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0"});
    CHECK(outcomes(rig, 1).empty());
    rig.deliver(worker_a, sub, {1});
    CHECK(outcomes(rig, 1) == Lines{"80 c2 1"});
    CHECK(rig.core.unanswered() == 0);
    // The message itself came first.
    CHECK(std::holds_alternative<RoomBatch>(rig.told[0][1]));
    CHECK(std::holds_alternative<PublishDone>(rig.told[0][2]));
    CHECK(rig.core.stats().acked == 2);
}

TEST_CASE("the latency of an ack counts from when its message came") {
    CoreRig rig;
    ops::Metrics metrics("edge-1");
    auto& acks = metrics.latency_histogram("ack_seconds", "of acks");
    rig.open_and_grant({0}, Seq::none());
    const auto began = std::chrono::steady_clock::now();
    rig.publish(0, 70, "c1");
    rig.publish(0, 70, "c2");
    CHECK(outcomes(rig, 0).empty());
    const auto least = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < least) rig.settle();  // each takes at least so long
    rig.deliver(worker_a, rig.last_sub(worker_a), {0, 1});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0", "70 c2 1"});
    rig.core.take_ack_latencies().drain_into(acks);
    const auto counted = acks.Collect().histogram;
    CHECK(counted.sample_count == 2);
    CHECK(counted.sample_sum >= 2 * 0.002);
    CHECK(counted.sample_sum <=
          2 * std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
}

TEST_CASE("a message that is read back before the log reports it is acked by the report") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    rig.publish(0, 70, "c1");
    rig.deliver(worker_a, rig.last_sub(worker_a), {0});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0"});
}

TEST_CASE("what was read back is asked for its report, and so acked at once") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    const auto sub = rig.last_sub(worker_a);
    rig.channel.hold_reports = true;
    rig.publish(0, 70, "c1");
    rig.publish(0, 70, "c2");
    CHECK(outcomes(rig, 0).empty());
    rig.deliver(worker_a, sub, {0});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0"});  // and c2 waits to be read back
    rig.deliver(worker_a, sub, {1});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0", "70 c2 1"});
    CHECK(rig.core.unanswered() == 0);
}

TEST_CASE("the ack of a repeat carries the seq of its first, whichever comes first") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    const auto sub = rig.last_sub(worker_a);
    for (const char* id : {"c1", "c1", "c1"}) rig.publish(0, 70, id);
    rig.settle();
    rig.deliver(worker_a, sub, {0});
    rig.deliver_repeat(worker_a, sub, 1, 0);
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0", "70 c1 0"});
    rig.deliver_repeat(worker_a, sub, 2, 0);
    CHECK(outcomes(rig, 0).back() == "70 c1 0");
    rig.publish(0, 70, "c1");
    rig.deliver_repeat(worker_a, sub, 3, 0);  // before the report
    CHECK(outcomes(rig, 0).back() == "70 c1 0");
    CHECK(outcomes(rig, 0).size() == 4);
}

TEST_CASE("acks keep the order of a sender's messages, also through a take-over") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    for (int i = 0; i < 5; ++i) rig.publish(0, 70, "c" + std::to_string(i));
    rig.settle();
    rig.deliver(worker_a, rig.last_sub(worker_a), {0, 1});
    rig.workers.routed_to = worker_b;
    rig.core.on_worker_lost(worker_a);
    const auto sub = rig.grant(worker_b, Seq{1});
    rig.deliver(worker_b, sub, {2, 3, 4});
    CHECK(outcomes(rig, 0) == Lines{"70 c0 0", "70 c1 1", "70 c2 2", "70 c3 3", "70 c4 4"});
}

TEST_CASE("what the queue or the log refuses is told with its reason") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    rig.channel.queue_full = true;
    rig.publish(0, 70, "c1");
    CHECK(outcomes(rig, 0) == Lines{"70 c1 busy"});
    rig.channel.queue_full = false;
    rig.channel.append_error = Error{Errc::unavailable, {}};
    rig.publish(0, 70, "c2");
    CHECK(outcomes(rig, 0).back() == "70 c2 unavailable");
    rig.channel.append_error = Error{Errc::unknown_outcome, {}};
    rig.publish(0, 70, "c3");
    CHECK(outcomes(rig, 0).back() == "70 c3 unknown_outcome");
    CHECK(rig.core.stats().refused == 2);
    CHECK(rig.core.stats().unknown == 1);
    CHECK(rig.core.unanswered() == 0);
}

TEST_CASE("a message for another incarnation, or for a room that is not open, is refused as gone") {
    CoreRig rig;
    rig.publish(0, 70, "c1");
    CHECK(outcomes(rig, 0) == Lines{"70 c1 room_gone"});
    rig.open_and_grant({0}, Seq::none());
    rig.publish(0, 70, "c2", Epoch::trusted("e0"));
    CHECK(outcomes(rig, 0).back() == "70 c2 room_gone");
    CHECK(rig.channel.next(general_log) == Seq{0});
}

TEST_CASE("a room whose members left stays until its acks are given") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    const auto sub = rig.last_sub(worker_a);
    rig.publish(0, 70, "c1");
    rig.close(0);
    CHECK(rig.core.rooms() == 1);
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).empty());
    rig.deliver(worker_a, sub, {0});
    CHECK(outcomes(rig, 0) == Lines{"70 c1 0"});
    CHECK(rig.core.rooms() == 0);
    CHECK(rig.workers.asked<link::Unsubscribe>(worker_a).size() == 1);
}

TEST_CASE("a room that is gone is closed for its shards, and nobody waits on: neither acks nor questions") {
    CoreRig rig;
    rig.open_and_grant({0, 1}, Seq::none());
    const auto sub = rig.last_sub(worker_a);
    rig.publish(0, 70, "c1");
    link::ReadHistory question;
    rig.core.on_commands(1, {AskPage{general, SessionKey{80}, 5, question}});
    rig.settle();
    rig.core.on_worker_event(worker_a, link::Refused{sub, Error{Errc::room_gone, "lost"}});
    for (const ShardIndex shard : {0U, 1U}) {
        REQUIRE(rig.heard<RoomClosed>(shard).size() == 1);
        CHECK(rig.heard<RoomClosed>(shard).front().generation == 1);
        CHECK(rig.heard<RoomClosed>(shard).front().error.code == Errc::room_gone);
    }
    REQUIRE(outcomes(rig, 0).size() == 1);
    CHECK(outcomes(rig, 0).front() != "70 c1 0");
    REQUIRE(rig.heard<PageArrived>(1).size() == 1);
    CHECK(rig.heard<PageArrived>(1).front().page.error().code == Errc::room_gone);
    CHECK(rig.core.rooms() == 0);
    CHECK(rig.core.unanswered() == 0);
    CHECK(rig.channel.writers_open == 0);
    rig.deliver(worker_a, sub, {0});
    CHECK(rig.seqs(0).empty());
}

TEST_CASE("a message of a lost incarnation is not acked by the next one, whose seqs begin anew") {
    CoreRig rig;
    rig.open_and_grant({0}, Seq::none());
    rig.channel.hold_appends = true;
    rig.publish(0, 70, "c1");
    rig.core.on_worker_event(worker_a, link::Refused{rig.last_sub(worker_a), Error{Errc::room_gone, {}}});
    rig.open(0, 2);
    rig.core.on_worker_event(worker_a, link::Subscribed{rig.last_sub(worker_a), Seq{4},
                                                        RoomInfo{{general, Epoch::trusted("e2")}, alice}});
    rig.channel.let_go();  // in the old log, as its seq 0
    REQUIRE(outcomes(rig, 0).size() == 1);
    CHECK(outcomes(rig, 0).front() != "70 c1 0");
    CHECK(rig.core.rooms() == 1);
}

TEST_CASE("a core that goes away with everything in flight leaves nothing behind") {
    boost::asio::io_context io;
    ops::CapturedLog log;
    test::FakeWorkers workers;
    workers.routed_to = worker_a;
    test::FakeChannel channel(io);
    producer::Publisher publisher(channel);
    EmptyDesk desk;
    bool posted = false;
    {
        Core core(
            io, 1, [&](ShardIndex, const std::vector<ShardEvent>&) { posted = true; }, {}, log.log);
        core.use(workers, publisher, desk);
        core.on_commands(0, {OpenRoom{general, {}, true, 1}, AskPage{general, SessionKey{1}, 1, {}}});
        core.on_worker_event(worker_a, link::Subscribed{link::SubId{1}, Seq{}, RoomInfo{general_log, alice}});
    }
    test::pump_ready(io);
    CHECK_FALSE(posted);
}

}  // namespace roomcast::edge
