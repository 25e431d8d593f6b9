#pragma once

#include <chrono>
#include <cstdint>
#include <unordered_map>

#include "consumer/service.hpp"
#include "shared/ops/metrics.hpp"

namespace roomcast::consumer {

/// What a worker's rooms do, for operators: how far all of them together are behind their logs, and, for the
/// fullest limits::metrics_rooms of them, members, edges, records and position, with the label `room`.
///
/// Owned by WorkerMetrics, on the consumer's thread. A room that is no longer active, or no longer among the
/// fullest, has its metrics removed.
class RoomMetrics {
public:
    explicit RoomMetrics(ops::Metrics& metrics);
    /// Looks at all rooms, but not more often than every limits::metrics_rooms_ms.
    void publish(const Service& service);

private:
    struct Series {
        prometheus::Gauge* members;
        prometheus::Gauge* edges;
        prometheus::Gauge* last_seq;
        prometheus::Gauge* behind;
        prometheus::Counter* records;
        std::uint64_t published_records = 0;
        bool current = true;
    };
    Series& series_of(const RoomSlug& room);
    void show(Series& series, const RoomHub::Figures& figures);
    void remove_outdated();

    prometheus::Gauge& all_behind_;
    prometheus::Family<prometheus::Gauge>& members_;
    prometheus::Family<prometheus::Gauge>& edges_;
    prometheus::Family<prometheus::Gauge>& last_seq_;
    prometheus::Family<prometheus::Gauge>& behind_;
    prometheus::Family<prometheus::Counter>& records_;
    std::unordered_map<RoomSlug, Series> rooms_;
    std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace roomcast::consumer
