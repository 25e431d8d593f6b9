#pragma once

#include <chrono>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/fake_channel.hpp"
#include "tests/support/fake_workers.hpp"
#include "tests/support/pump.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {

inline const RoomSlug general = RoomSlug::trusted("general");
inline const NodeId worker_a = NodeId::trusted("worker-a");
inline const NodeId worker_b = NodeId::trusted("worker-b");
inline const Epoch epoch = Epoch::trusted("e1");
inline const LogId general_log{general, epoch};
inline const Actor alice{UserName::trusted("alice"), "a1"};

/// A desk that nobody comes to.
struct EmptyDesk final : Desk {
    void on_http(ShardIndex, HttpTask) override {}
    void on_password(ShardIndex, CheckPassword) override {}
    void on_ticket(ShardIndex, TakeTicket) override {}
};

/// A core of four shards between workers and a log that do as the test says.
struct CoreRig {
    static constexpr ShardIndex shards = 4;

    boost::asio::io_context io;
    ops::CapturedLog log;
    test::FakeChannel channel{io};
    producer::Publisher publisher{channel};
    test::FakeWorkers workers;
    std::vector<std::vector<ShardEvent>> told{shards};
    std::vector<int> posts = std::vector<int>(shards);
    Core core{io,
              shards,
              [this](ShardIndex shard, std::vector<ShardEvent> events) {
                  ++posts.at(shard);
                  for (auto& event : events) told.at(shard).push_back(std::move(event));
              },
              {},
              log.log};
    EmptyDesk desk;

    CoreRig() {
        workers.routed_to = worker_a;
        channel.report_to(core);
        channel.make_log(general_log);
        core.use(workers, publisher, desk);
    }

    void settle() { test::pump_ready(io); }
    template <class Condition>
    [[nodiscard]] bool until(Condition holds) {
        return test::pump_until(io, holds);
    }

    /// What a shard was told, of one kind.
    template <class Kind>
    std::vector<Kind> heard(ShardIndex shard) {
        settle();
        std::vector<Kind> found;
        for (const auto& event : told.at(shard))
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        return found;
    }
    /// The seqs of all batches that a shard was given.
    std::vector<std::int64_t> seqs(ShardIndex shard) {
        std::vector<std::int64_t> found;
        for (const auto& batch : heard<RoomBatch>(shard))
            for (const auto& entry : *batch.entries) found.push_back(entry.seq.value);
        return found;
    }

    void open(ShardIndex shard, std::uint64_t generation = 1) {
        core.on_commands(shard, {OpenRoom{general, alice, true, generation}});
    }
    void close(ShardIndex shard) { core.on_commands(shard, {CloseRoom{general}}); }
    link::SubId last_sub(const NodeId& worker) {
        const auto asked = workers.asked<link::Subscribe>(worker);
        REQUIRE_FALSE(asked.empty());
        return asked.back().sub;
    }
    /// The worker grants what it was asked for last.
    link::SubId grant(const NodeId& worker, Seq position) {
        const auto sub = last_sub(worker);
        core.on_worker_event(worker, link::Subscribed{sub, position, RoomInfo{general_log, alice}});
        return sub;
    }
    void open_and_grant(const std::vector<ShardIndex>& for_shards, Seq position) {
        for (const auto shard : for_shards) open(shard);
        grant(worker_a, position);
        settle();
    }
    void deliver(const NodeId& worker, link::SubId sub, const std::vector<std::int64_t>& entries) {
        link::Messages messages;
        messages.rooms.push_back({sub, {}});
        for (const auto seq : entries)
            messages.rooms.back().entries.push_back({Seq{seq}, 0, Seq{seq}, "frame " + std::to_string(seq)});
        core.on_worker_event(worker, std::move(messages));
    }
    void deliver_repeat(const NodeId& worker, link::SubId sub, std::int64_t seq, std::int64_t first) {
        link::Messages messages;
        messages.rooms.push_back({sub, {{Seq{seq}, 0, Seq{first}, {}}}});
        core.on_worker_event(worker, std::move(messages));
    }
    void publish(ShardIndex shard, std::uint64_t session, const std::string& id, const Epoch& to = epoch) {
        auto record =
            producer::make_record(general, MessageId::trusted(id), UserName::trusted("alice"), "hi", 0);
        REQUIRE(record);
        core.on_commands(shard, {Publish{general, to, SessionKey{session}, {}, *record}});
    }
};

}  // namespace roomcast::edge
