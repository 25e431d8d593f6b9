#include "consumer/room_metrics.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {

RoomMetrics::RoomMetrics(ops::Metrics& metrics)
    : all_behind_(
          metrics.gauge("roomcast_lag_records", "Records in rooms' logs that this worker has not read yet")),
      members_(metrics.gauges("roomcast_room_members", "Members of the room")),
      edges_(metrics.gauges("roomcast_room_edges", "Edges with members of the room")),
      last_seq_(
          metrics.gauges("roomcast_room_last_seq", "Position of the room's newest record that was read")),
      behind_(
          metrics.gauges("roomcast_room_lag_records", "Records in the room's log that were not read yet")),
      records_(metrics.counters("roomcast_room_records_total", "Records of the room handed to edges")) {}

RoomMetrics::Series& RoomMetrics::series_of(const RoomSlug& room) {
    const auto found = rooms_.find(room);
    if (found != rooms_.end()) return found->second;
    const prometheus::Labels labels{{"room", room.str()}};
    return rooms_
        .emplace(room, Series{&members_.Add(labels), &edges_.Add(labels), &last_seq_.Add(labels),
                              &behind_.Add(labels), &records_.Add(labels)})
        .first->second;
}

void RoomMetrics::show(Series& series, const RoomHub::Figures& figures) {
    // A hub that was put down and made again counts from 0.
    if (figures.records < series.published_records) series.published_records = 0;
    series.records->Increment(static_cast<double>(figures.records - series.published_records));
    series.published_records = figures.records;
    series.members->Set(static_cast<double>(figures.members));
    series.edges->Set(static_cast<double>(figures.edges));
    series.last_seq->Set(static_cast<double>(figures.last.value));
    series.behind->Set(static_cast<double>(figures.behind));
    series.current = true;
}

void RoomMetrics::remove_outdated() {
    std::erase_if(rooms_, [this](const auto& entry) {
        const Series& series = entry.second;
        if (series.current) return false;
        members_.Remove(series.members);
        edges_.Remove(series.edges);
        last_seq_.Remove(series.last_seq);
        behind_.Remove(series.behind);
        records_.Remove(series.records);
        return true;
    });
}

void RoomMetrics::publish(const Service& service) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + std::chrono::milliseconds(limits::metrics_rooms_ms);
    std::vector<std::pair<const RoomSlug*, RoomHub::Figures>> rooms;
    rooms.reserve(service.rooms().size());
    std::int64_t behind = 0;
    for (const auto& [slug, hub] : service.rooms()) {
        rooms.emplace_back(&slug, hub->figures());
        behind += rooms.back().second.behind;
    }
    all_behind_.Set(static_cast<double>(behind));
    if (rooms.size() > limits::metrics_rooms) {
        const auto end = rooms.begin() + static_cast<std::ptrdiff_t>(limits::metrics_rooms);
        std::nth_element(rooms.begin(), end, rooms.end(), [](const auto& one, const auto& other) {
            return one.second.members > other.second.members;
        });
        rooms.erase(end, rooms.end());
    }
    for (auto& [slug, series] : rooms_) series.current = false;
    for (const auto& [slug, figures] : rooms) show(series_of(*slug), figures);
    remove_outdated();
}

}  // namespace roomcast::consumer
