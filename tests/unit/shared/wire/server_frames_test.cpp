#include "shared/wire/server_frames.hpp"

#include <random>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace roomcast::wire {
namespace {

using nlohmann::json;

const RoomSlug room = RoomSlug::trusted("general");
const MessageId id = MessageId::trusted("c1\"\\");
const UserName user = UserName::trusted("Ali\"ce \u00e9");

}  // namespace

TEST_CASE("every character of a text survives being quoted, control characters and all planes") {
    std::string all;
    for (int c = 0; c < 0x80; ++c) all.push_back(static_cast<char>(c));
    all += "\u0080\u00e9\u2028\u2029\uFFFD\uFFFF\U0001F422\U0010FFFF";
    CHECK(json::parse(wire::quoted(all)).get<std::string>() == all);
    for (int c = 0; c < 0x80; ++c) {
        const std::string one(1, static_cast<char>(c));
        const auto text = wire::quoted(one);
        CHECK(json::parse(text).get<std::string>() == one);
        for (const char written : text) CHECK(static_cast<unsigned char>(written) >= 0x20);
    }
    CHECK(wire::quoted("</script>").size() == 11);
    CHECK(wire::quoted("") == "\"\"");
}

TEST_CASE("a record is the message without its seq, and the frame is the same with it") {
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
        std::string text;
        for (std::size_t left = random() % 40; left > 0; --left)
            text.push_back(static_cast<char>(random() % 0x80));
        if (round % 3 == 0) text += "\U0001F422\",\"seq\":7,\"x\":\"";
        const TimeMs time = 1'795'255'200'123 + round;
        const auto record = message_record(room, id, user, text, time);
        const auto prefix = record_prefix(room);
        REQUIRE(record.starts_with(prefix));
        const json expected{{"type", "message"},  {"room", "general"}, {"id", id.str()},
                            {"user", user.str()}, {"text", text},      {"time", format_rfc3339(time)}};
        CHECK(json::parse(record) == expected);
        auto with_seq = expected;
        with_seq["seq"] = std::int64_t{9'000'000'000} + round;
        CHECK(json::parse(message_frame(record, prefix.size(), Seq{9'000'000'000 + round})) == with_seq);
    }
}

TEST_CASE("the welcome says who, where and how often to be heard") {
    const auto welcome =
        json::parse(welcome_frame(SessionId::trusted("s1"), user, NodeId::trusted("edge-1"), 25));
    CHECK(welcome == json{{"type", "welcome"},
                          {"session", "s1"},
                          {"user", user.str()},
                          {"node", "edge-1"},
                          {"heartbeat_s", 25}});
}

TEST_CASE("joined carries what was asked for, oldest first, and says recovered only to who resumes") {
    Joined joined;
    joined.room = room;
    joined.epoch = Epoch::trusted("e1");
    joined.first = Seq{0};
    joined.last = Seq{12};
    const auto plain = json::parse(joined_frame(joined, {}));
    CHECK(plain["type"] == "joined");
    CHECK(plain["room"] == "general");
    CHECK(plain["epoch"] == "e1");
    CHECK(plain["first"] == 0);
    CHECK(plain["last"] == 12);
    CHECK(plain["messages"] == json::array());
    for (const char* absent : {"id", "recovered", "reason"}) CHECK_FALSE(plain.contains(absent));
    joined.id = "j\"1";
    joined.recovered = true;
    const auto resumed = json::parse(joined_frame(joined, {R"({"a":1})", R"({"b":2})"}));
    CHECK(resumed["id"] == "j\"1");
    CHECK(resumed["recovered"] == true);
    CHECK(resumed["messages"] == json::parse(R"([{"a":1},{"b":2}])"));
    joined.recovered = false;
    for (const auto reason :
         {NotRecovered::epoch_changed, NotRecovered::retention, NotRecovered::future_seq}) {
        joined.reason = reason;
        const auto lost = json::parse(joined_frame(joined, {}));
        CHECK(lost["recovered"] == false);
        CHECK(lost["reason"] == std::string(name_of(reason)));
    }
}

TEST_CASE("answers echo their ids and leave out what there is not") {
    CHECK(json::parse(ack_frame(room, id, Seq{5})) ==
          json{{"type", "ack"}, {"id", id.str()}, {"room", "general"}, {"seq", 5}});
    CHECK(json::parse(left_frame(room, {}, {})) == json{{"type", "left"}, {"room", "general"}});
    CHECK(json::parse(left_frame(room, "l\"", "room_gone")) ==
          json{{"type", "left"}, {"room", "general"}, {"id", "l\""}, {"reason", "room_gone"}});
    const auto history = json::parse(history_frame(room, "h1", {R"({"seq":1})"}, true));
    CHECK(history ==
          json::parse(R"({"type":"history","id":"h1","room":"general","messages":[{"seq":1}],"more":true})"));
    CHECK_FALSE(json::parse(history_frame(room, {}, {}, false)).contains("id"));
    CHECK(json::parse(refreshed_frame(0)) ==
          json{{"type", "refreshed"}, {"expires", "1970-01-01T00:00:00.000Z"}});
}

TEST_CASE("presence, members, typing and signals are JSON whatever the names") {
    const auto person = [](const char* session, const std::string& name) {
        return json{{"session", session}, {"user", name}};
    };
    const auto presence =
        json::parse(presence_frame(room, {{"s1", user.str()}, {"s2", "bob"}}, {{"s3", "\x01"}}, 17));
    CHECK(presence == json{{"type", "presence"},
                           {"room", "general"},
                           {"joined", json::array({person("s1", user.str()), person("s2", "bob")})},
                           {"left", json::array({person("s3", "\x01")})},
                           {"count", 17}});
    const auto members = json::parse(members_frame(room, "m\"1", {{"s1", user.str()}}, 1));
    CHECK(members["type"] == "members");
    CHECK(members["id"] == "m\"1");
    CHECK(members["members"] == json::array({person("s1", user.str())}));
    CHECK(json::parse(typing_frame(room, user, true)) ==
          json{{"type", "typing"}, {"room", "general"}, {"user", user.str()}, {"typing", true}});
    CHECK(json::parse(typing_frame(room, user, false))["typing"] == false);
    const auto signal = json::parse(signal_frame(room, SessionId::trusted("s1"), user, R"({"sdp":[1]})"));
    CHECK(signal["from"] == "s1");
    CHECK(signal["user"] == user.str());
    CHECK(signal["data"] == json::parse(R"({"sdp":[1]})"));
    Joined joined;
    joined.room = room;
    joined.members = 17;
    CHECK(json::parse(joined_frame(joined, {}))["members"] == 17);
}

TEST_CASE("an error frame has its code's name, a sentence, and the wait where waiting helps") {
    const auto busy = json::parse(error_frame(Error{Errc::busy, {}}, "c\"1", "general"));
    CHECK(busy["type"] == "error");
    CHECK(busy["code"] == "busy");
    CHECK(busy["message"] == std::string(text_of(Errc::busy)));
    CHECK(busy["id"] == "c\"1");
    CHECK(busy["room"] == "general");
    CHECK(busy["retry_after_ms"] == 500);
    const auto bare = json::parse(error_frame(Error{Errc::bad_frame, "the \"why\""}, {}, {}));
    CHECK(bare["message"] == "the \"why\"");
    for (const char* absent : {"id", "room", "retry_after_ms"}) CHECK_FALSE(bare.contains(absent));
    for (std::uint8_t code = 0; code < errc_count; ++code)
        CHECK(json::parse(error_frame(Error{static_cast<Errc>(code), {}}, {}, {}))["code"] ==
              std::string(roomcast::name_of(static_cast<Errc>(code))));
}

}  // namespace roomcast::wire
