#include "consumer/room_metrics.hpp"

#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/unit/consumer/service_rig.hpp"

namespace roomcast::consumer {
namespace {

bool shows(const ops::Metrics& metrics, const std::string& line) {
    return metrics.text().find(line + "\n") != std::string::npos;
}

/// Publishes anew until the metrics show the line: the rooms are looked at only now and then.
bool comes_to_show(ServiceRig& rig, ops::Metrics& metrics, RoomMetrics& rooms, const std::string& line) {
    return rig.until([&] {
        rooms.publish(rig.service);
        return shows(metrics, line);
    });
}

}  // namespace

TEST_CASE("a room's metrics follow its records and edges, and go with it") {
    Subscribed rig(3);
    ops::Metrics metrics("worker-1");
    RoomMetrics rooms(metrics);
    rooms.publish(rig.service);
    CHECK(shows(metrics, R"(roomcast_room_last_seq{node="worker-1",room="general"} 2)"));
    CHECK(shows(metrics, R"(roomcast_room_edges{node="worker-1",room="general"} 1)"));
    CHECK(shows(metrics, R"(roomcast_room_records_total{node="worker-1",room="general"} 0)"));
    CHECK(shows(metrics, R"(roomcast_lag_records{node="worker-1"} 0)"));
    rig.channel.say(rig.room, "bob", "c1", "hello");
    CHECK(comes_to_show(rig, metrics, rooms,
                        R"(roomcast_room_records_total{node="worker-1",room="general"} 1)"));
    CHECK(shows(metrics, R"(roomcast_room_last_seq{node="worker-1",room="general"} 3)"));
    rig.channel.remove(rig.room, [](Result<void>) {});
    CHECK(rig.until([&] {
        rooms.publish(rig.service);
        return metrics.text().find("general") == std::string::npos;
    }));
}

TEST_CASE("only so many rooms have metrics of their own, those with the most members first") {
    ServiceRig rig;
    ServiceRig::Edge edge(rig);
    const std::size_t rooms_made = limits::metrics_rooms + 5;
    for (std::uint32_t number = 1; number <= rooms_made; ++number) {
        link::Subscribe request;
        request.sub = link::SubId{number};
        request.room = RoomSlug::trusted("room-" + std::to_string(number));
        request.create = true;
        request.creator = Actor{UserName::trusted("alice"), ""};
        rig.service.on_request(edge.id, request);
    }
    REQUIRE(rig.until([&] { return rig.service.active_rooms() == rooms_made; }));
    link::RosterChange change;
    change.sub = link::SubId{static_cast<std::uint32_t>(rooms_made)};
    change.joined.push_back({SessionId::trusted("s1"), UserName::trusted("alice")});
    rig.service.on_request(edge.id, change);
    ops::Metrics metrics("worker-1");
    RoomMetrics metrics_of_rooms(metrics);
    metrics_of_rooms.publish(rig.service);
    const std::string text = metrics.text();
    std::size_t shown = 0;
    for (auto at = text.find("roomcast_room_edges{"); at != std::string::npos;
         at = text.find("roomcast_room_edges{", at + 1))
        ++shown;
    CHECK(shown == limits::metrics_rooms);
    CHECK(shows(metrics, R"(roomcast_room_members{node="worker-1",room="room-)" + std::to_string(rooms_made) +
                             R"("} 1)"));
}

}  // namespace roomcast::consumer
