#pragma once

#include <cstdint>
#include <vector>

#include "shared/ops/metrics.hpp"
#include "ws-edge/api/passwords.hpp"
#include "ws-edge/core.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {

/// Publishes what shards and core count, as Prometheus metrics. Owned by the composition root, used on the
/// core's thread; shards send their reports there.
class EdgeMetrics {
public:
    EdgeMetrics(ops::Metrics& metrics, ShardIndex shards);
    void publish(ShardIndex shard, ShardReport report);
    void publish(Core& core, std::size_t workers_linked);
    void publish(const Passwords::Stats& now);

private:
    template <class Stats>
    struct Line {
        prometheus::Counter* counter;
        std::uint64_t Stats::*field;
    };
    /// Adds what was counted since `before`, which becomes `now`.
    template <class Stats>
    static void add(const std::vector<Line<Stats>>& lines, Stats& before, const Stats& now);

    std::vector<Line<ShardStats>> shard_counters_;
    std::vector<Line<CoreStats>> core_counters_;
    std::vector<Line<TrafficLimits::Refusals>> limit_counters_;
    std::vector<Line<Passwords::Stats>> password_counters_;
    std::vector<ShardStats> shards_;
    CoreStats core_;
    TrafficLimits::Refusals limits_;
    Passwords::Stats passwords_;
    prometheus::Gauge& connections_;
    prometheus::Gauge& sessions_;
    prometheus::Gauge& rooms_;
    prometheus::Gauge& unanswered_;
    prometheus::Gauge& workers_linked_;
    prometheus::Gauge& passwords_queued_;
    prometheus::Histogram& delivery_;
    prometheus::Histogram& ack_;
};

}  // namespace roomcast::edge
