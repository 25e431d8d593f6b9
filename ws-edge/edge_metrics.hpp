#pragma once

#include <cstdint>
#include <vector>

#include "shared/ops/metrics.hpp"
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

private:
    template <class Stats>
    struct Line {
        prometheus::Counter* counter;
        std::uint64_t Stats::*field;
    };
    std::vector<Line<ShardStats>> shard_counters_;
    std::vector<Line<CoreStats>> core_counters_;
    std::vector<ShardStats> shards_;
    CoreStats core_;
    prometheus::Gauge& connections_;
    prometheus::Gauge& sessions_;
    prometheus::Gauge& rooms_;
    prometheus::Gauge& unanswered_;
    prometheus::Gauge& workers_linked_;
    prometheus::Histogram& delivery_;
    prometheus::Histogram& ack_;
};

}  // namespace roomcast::edge
