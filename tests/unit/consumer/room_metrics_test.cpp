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

TEST_CASE("a room is looked at when something happens in it, and while it is behind its log") {
    Subscribed rig(3);
    ops::Metrics metrics("worker-1");
    RoomMetrics rooms(metrics);
    rooms.publish(rig.service);
    CHECK(rig.service.take_changed().empty());
    rig.channel.tails_behind = 5;
    rig.channel.say(rig.room, "bob", "c1", "hello");
    CHECK(comes_to_show(rig, metrics, rooms, R"(roomcast_lag_records{node="worker-1"} 5)"));
    for (const auto* figure : {"7", "0"}) {
        rig.channel.tails_behind = std::stoi(figure);
        CHECK(comes_to_show(rig, metrics, rooms,
                            R"(roomcast_lag_records{node="worker-1"} )" + std::string(figure)));
        CHECK(shows(metrics,
                    R"(roomcast_room_lag_records{node="worker-1",room="general"} )" + std::string(figure)));
    }
}

TEST_CASE("who becomes one of the fullest is shown in place of another, and what ends late leaves no lag") {
    ServiceRig rig;
    ServiceRig::Edge edge(rig);
    const auto rooms_made = static_cast<std::uint32_t>(limits::metrics_rooms + 1);
    const auto slug = [](std::uint32_t number) {
        return RoomSlug::trusted("room-" + std::to_string(number));
    };
    const auto join = [&](std::uint32_t room, const std::string& session) {
        link::RosterChange change;
        change.sub = link::SubId{room};
        change.joined.push_back({SessionId::trusted(session), UserName::trusted("alice")});
        rig.service.on_request(edge.id, change);
    };
    for (std::uint32_t number = 1; number <= rooms_made; ++number) {
        link::Subscribe request;
        request.sub = link::SubId{number};
        request.room = slug(number);
        request.create = true;
        request.creator = Actor{UserName::trusted("alice"), ""};
        rig.service.on_request(edge.id, request);
    }
    REQUIRE(rig.until([&] { return rig.service.active_rooms() == rooms_made; }));
    for (std::uint32_t number = 2; number <= rooms_made; ++number) join(number, "s" + std::to_string(number));
    ops::Metrics metrics("worker-1");
    RoomMetrics rooms(metrics);
    rig.channel.tails_behind = 3;
    rooms.publish(rig.service);
    const auto members_of = [&](std::uint32_t number) {
        return R"(roomcast_room_members{node="worker-1",room=")" + slug(number).str() + R"("} )";
    };
    CHECK(metrics.text().find(members_of(1)) == std::string::npos);
    join(1, "t1");
    join(1, "t2");
    CHECK(comes_to_show(rig, metrics, rooms, members_of(1) + "2"));
    std::size_t shown = 0;
    for (std::uint32_t number = 1; number <= rooms_made; ++number)
        shown += metrics.text().find(members_of(number)) != std::string::npos ? 1U : 0U;
    CHECK(shown == limits::metrics_rooms);
    CHECK(shows(metrics, R"(roomcast_lag_records{node="worker-1"} )" + std::to_string(3 * rooms_made)));
    rig.channel.lose_log(rig.service.hub_of(slug(1))->log());
    CHECK(comes_to_show(rig, metrics, rooms,
                        R"(roomcast_lag_records{node="worker-1"} )" + std::to_string(3 * (rooms_made - 1))));
    CHECK(metrics.text().find(members_of(1)) == std::string::npos);
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
