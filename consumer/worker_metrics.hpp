#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "consumer/room_metrics.hpp"
#include "consumer/service.hpp"
#include "shared/ops/metrics.hpp"

namespace roomcast::consumer {

/// Publishes what the read path counts, as Prometheus metrics. Owned by the composition root; `publish` is
/// called on the consumer's thread, some times a second.
class WorkerMetrics {
public:
    explicit WorkerMetrics(ops::Metrics& metrics);
    void publish(Service& service, std::size_t slots_owned);

private:
    struct Line {
        prometheus::Counter* counter;
        std::uint64_t Stats::*field;
    };
    std::vector<Line> counters_;
    prometheus::Gauge& active_rooms_;
    prometheus::Gauge& edges_;
    prometheus::Gauge& subscriptions_;
    prometheus::Gauge& slots_owned_;
    RoomMetrics rooms_;
    Stats published_;
};

}  // namespace roomcast::consumer
