#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

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
    /// Looks at the rooms that changed, but not more often than every limits::metrics_rooms_ms; always of the
    /// same service.
    void publish(Service& service);

private:
    struct Series {
        prometheus::Gauge* members;
        prometheus::Gauge* edges;
        prometheus::Gauge* last_seq;
        prometheus::Gauge* behind;
        prometheus::Counter* records;
        std::uint64_t published_records = 0;
    };
    struct Room {
        RoomHub::Figures figures;
        std::optional<Series> series;  // where it is among the fullest
    };
    void look(RoomHub& hub);
    void remove_ended(const Service& service);
    void choose_fullest();
    void show(const RoomSlug& slug, Room& room);
    void remove(const std::optional<Series>& series);

    prometheus::Gauge& all_behind_;
    prometheus::Family<prometheus::Gauge>& members_;
    prometheus::Family<prometheus::Gauge>& edges_;
    prometheus::Family<prometheus::Gauge>& last_seq_;
    prometheus::Family<prometheus::Gauge>& behind_;
    prometheus::Family<prometheus::Counter>& records_;
    std::unordered_map<RoomSlug, Room> rooms_;
    std::unordered_set<RoomSlug> late_;  // were behind their logs
    std::int64_t behind_sum_ = 0;
    bool others_may_be_fullest_ = false;  // since they were chosen
    std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace roomcast::consumer
