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

void RoomMetrics::show(const RoomSlug& slug, Room& room) {
    if (!room.series) {
        const prometheus::Labels labels{{"room", slug.str()}};
        room.series = Series{&members_.Add(labels), &edges_.Add(labels), &last_seq_.Add(labels),
                             &behind_.Add(labels), &records_.Add(labels)};
    }
    Series& series = *room.series;
    const RoomHub::Figures& figures = room.figures;
    // A hub that was put down and made again counts from 0.
    if (figures.records < series.published_records) series.published_records = 0;
    series.records->Increment(static_cast<double>(figures.records - series.published_records));
    series.published_records = figures.records;
    series.members->Set(static_cast<double>(figures.members));
    series.edges->Set(static_cast<double>(figures.edges));
    series.last_seq->Set(static_cast<double>(figures.last.value));
    series.behind->Set(static_cast<double>(figures.behind));
}

void RoomMetrics::remove(const std::optional<Series>& series) {
    if (!series) return;
    members_.Remove(series->members);
    edges_.Remove(series->edges);
    last_seq_.Remove(series->last_seq);
    behind_.Remove(series->behind);
    records_.Remove(series->records);
}

void RoomMetrics::look(RoomHub& hub) {
    const auto& slug = hub.log().room;
    const auto [found, is_new] = rooms_.try_emplace(slug);
    Room& room = found->second;
    const auto before = std::exchange(room.figures, hub.look());
    behind_sum_ += room.figures.behind - before.behind;
    if (room.figures.behind > 0) {
        late_.insert(slug);
    } else {
        late_.erase(slug);
    }
    if (is_new || room.figures.members != before.members) others_may_be_fullest_ = true;
    if (room.series) show(slug, room);
}

void RoomMetrics::remove_ended(const Service& service) {
    if (rooms_.size() == service.active_rooms()) return;
    others_may_be_fullest_ = true;
    std::erase_if(rooms_, [&](const auto& entry) {
        if (service.hub_of(entry.first) != nullptr) return false;
        remove(entry.second.series);
        behind_sum_ -= entry.second.figures.behind;
        late_.erase(entry.first);
        return true;
    });
}

void RoomMetrics::choose_fullest() {
    if (!std::exchange(others_may_be_fullest_, false)) return;
    std::vector<std::pair<const RoomSlug, Room>*> rooms;
    rooms.reserve(rooms_.size());
    for (auto& entry : rooms_) rooms.push_back(&entry);
    const auto end =
        rooms.begin() + static_cast<std::ptrdiff_t>(std::min(rooms.size(), limits::metrics_rooms));
    std::nth_element(rooms.begin(), end, rooms.end(), [](const auto* one, const auto* other) {
        return one->second.figures.members > other->second.figures.members;
    });
    for (auto at = end; at != rooms.end(); ++at) remove(std::exchange((*at)->second.series, std::nullopt));
    for (auto at = rooms.begin(); at != end; ++at) show((*at)->first, (*at)->second);
}

void RoomMetrics::publish(Service& service) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + std::chrono::milliseconds(limits::metrics_rooms_ms);
    auto changed = service.take_changed();
    for (const auto& slug : late_)
        if (auto* hub = service.hub_of(slug)) changed.push_back(hub);
    for (auto* hub : changed) look(*hub);
    remove_ended(service);
    choose_fullest();
    all_behind_.Set(static_cast<double>(behind_sum_));
}

}  // namespace roomcast::consumer
