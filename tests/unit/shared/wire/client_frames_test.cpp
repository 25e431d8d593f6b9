#include "shared/wire/client_frames.hpp"

#include <random>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace roomcast::wire {
namespace {

using nlohmann::json;

const RoomSlug general = RoomSlug::trusted("general");

ClientFrame frame_of(std::string_view text, const RoomSlug* only_room = nullptr) {
    auto parsed = parse_client_frame(text, only_room);
    if (const auto* bad = std::get_if<BadFrame>(&parsed)) FAIL(text, " is refused: ", bad->error.detail);
    return std::get<ClientFrame>(std::move(parsed));
}
template <class Frame>
Frame as(std::string_view text, const RoomSlug* only_room = nullptr) {
    auto frame = frame_of(text, only_room);
    REQUIRE_MESSAGE(std::holds_alternative<Frame>(frame), text);
    return std::get<Frame>(std::move(frame));
}
BadFrame bad(std::string_view text, const RoomSlug* only_room = nullptr) {
    auto parsed = parse_client_frame(text, only_room);
    REQUIRE_MESSAGE(std::holds_alternative<BadFrame>(parsed), text);
    return std::get<BadFrame>(std::move(parsed));
}
Errc code(std::string_view text, const RoomSlug* only_room = nullptr) {
    return bad(text, only_room).error.code;
}

}  // namespace

TEST_CASE("a join says where, how much history, or from where to resume") {
    const auto plain = as<Join>(R"({"type":"join","room":"general","id":"j1"})");
    CHECK(plain.room == general);
    CHECK(plain.id == "j1");
    CHECK(plain.last == limits::history_default_messages);
    CHECK_FALSE(plain.resume);
    CHECK(as<Join>(R"({"type":"join","room":"general","last":0})").last == 0);
    CHECK(as<Join>(R"({"type":"join","room":"general","last":100000})").last ==
          limits::history_page_messages);
    const auto resume = as<Join>(R"({"type":"join","room":"general","since":123,"epoch":"ab12"})").resume;
    REQUIRE(resume);
    CHECK(resume->since == Seq{123});
    CHECK(resume->epoch.str() == "ab12");
    CHECK(as<Join>(R"({"type":"join","room":"general","since":-1,"epoch":"e"})").resume->since ==
          Seq::none());
}

TEST_CASE("a join that contradicts itself is refused") {
    for (const char* text :
         {R"({"type":"join"})", R"({"type":"join","room":7})",
          R"({"type":"join","room":"general","last":-1})", R"({"type":"join","room":"general","last":"5"})",
          R"({"type":"join","room":"general","last":1.5})", R"({"type":"join","room":"general","since":5})",
          R"({"type":"join","room":"general","epoch":"e"})",
          R"({"type":"join","room":"general","since":5,"epoch":"E!"})",
          R"({"type":"join","room":"general","since":-2,"epoch":"e"})",
          R"({"type":"join","room":"general","since":9223372036854775808,"epoch":"e"})",
          R"({"type":"join","room":"general","since":1e400,"epoch":"e"})",
          R"({"type":"join","room":"general","last":null})"})
        CHECK_MESSAGE(code(text) == Errc::bad_frame, text);
    for (const char* text : {R"({"type":"join","room":""})", R"({"type":"join","room":"General"})",
                             R"({"type":"join","room":"a b"})"})
        CHECK_MESSAGE(code(text) == Errc::bad_room, text);
    CHECK(code(R"({"type":"join","room":"general","id":"two words"})") == Errc::bad_id);
}

TEST_CASE("a message says what, where and under which id, and gets an id when it has none") {
    const auto message = as<SendMessage>(
        R"({"type":"message","room":"general","id":"c1","text":"hi \u00e9 \ud83d\ude00 \n"})");
    CHECK(message.room == general);
    CHECK(message.id.str() == "c1");
    CHECK(message.text == "hi \u00e9 \U0001F600 \n");
    const auto first = as<SendMessage>(R"({"type":"message","room":"general","text":""})");
    const auto second = as<SendMessage>(R"({"type":"message","room":"general","text":""})");
    CHECK(MessageId::parse(first.id.str()));
    CHECK(first.id != second.id);
    CHECK(first.text.empty());
}

TEST_CASE("a text is as long as its limit in bytes, however it is written, and no longer") {
    const auto message = [](const std::string& text) {
        return R"({"type":"message","room":"general","id":"c1","text":")" + text + "\"}";
    };
    CHECK(as<SendMessage>(message(std::string(limits::message_text_bytes, 'a'))).text.size() ==
          limits::message_text_bytes);
    CHECK(code(message(std::string(limits::message_text_bytes + 1, 'a'))) == Errc::text_too_long);
    std::string escaped;
    for (std::size_t i = 0; i < limits::message_text_bytes / 2; ++i) escaped += "\\u00e9";
    CHECK(as<SendMessage>(message(escaped)).text.size() == limits::message_text_bytes);
    CHECK(code(message(escaped + "\\u00e9")) == Errc::text_too_long);
}

TEST_CASE("leave, typing, history and refresh are what they say") {
    const auto leave = as<Leave>(R"({"type":"leave","room":"general","id":"l1"})");
    CHECK(leave.room == general);
    CHECK(leave.id == "l1");
    CHECK(as<Typing>(R"({"type":"typing","room":"general","typing":true})").typing);
    CHECK_FALSE(as<Typing>(R"({"type":"typing","room":"general","typing":false})").typing);
    CHECK(as<Refresh>(R"({"type":"refresh","token":"a.b.c"})").token == "a.b.c");
    const auto latest = as<ReadHistory>(R"({"type":"history","room":"general","id":"h1"})");
    CHECK(latest.kind == ReadHistory::Kind::latest);
    CHECK(latest.id == "h1");
    CHECK(latest.limit == limits::history_default_messages);
    const auto before = as<ReadHistory>(R"({"type":"history","room":"general","before":100,"limit":7})");
    CHECK(before.kind == ReadHistory::Kind::before);
    CHECK(before.seq == Seq{100});
    CHECK(before.limit == 7);
    const auto after = as<ReadHistory>(R"({"type":"history","room":"general","after":-1,"limit":201})");
    CHECK(after.kind == ReadHistory::Kind::after);
    CHECK(after.seq == Seq::none());
    CHECK(after.limit == limits::history_page_messages);
    const auto timed =
        as<ReadHistory>(R"({"type":"history","room":"general","from_time":"2026-11-21T10:00:00Z"})");
    CHECK(timed.kind == ReadHistory::Kind::from_time);
    CHECK(timed.time == 1'795'255'200'000);
}

TEST_CASE("a signal is for one session, with any JSON as its data up to its limit") {
    const auto signal = as<Signal>(
        R"({"type":"signal","room":"general","to":"s-1","id":"x","data":{"sdp":"v=0 \u00e9","n":[1,null]}})");
    CHECK(signal.room == general);
    CHECK(signal.to.str() == "s-1");
    CHECK(signal.id == "x");
    CHECK(json::parse(signal.data) == json::parse(R"({"sdp":"v=0 \u00e9","n":[1,null]})"));
    CHECK(as<Signal>(R"({"type":"signal","room":"general","to":"s","data":null})").data == "null");
    const auto sized = [](std::size_t bytes) {
        return R"({"type":"signal","room":"general","to":"s","data":")" + std::string(bytes - 2, 'x') + "\"}";
    };
    CHECK(as<Signal>(sized(limits::signal_data_bytes)).data.size() == limits::signal_data_bytes);
    CHECK(code(sized(limits::signal_data_bytes + 1)) == Errc::too_large);
    for (const char* fields : {R"("to":"s")", R"("data":1)", R"("to":"S!","data":1)", R"("to":7,"data":1)"})
        CHECK_MESSAGE(
            code(R"({"type":"signal","room":"general",)" + std::string(fields) + "}") == Errc::bad_frame,
            fields);
    CHECK(as<AskMembers>(R"({"type":"members","room":"general","id":"m1"})").id == "m1");
    CHECK(code(R"({"type":"members"})") == Errc::bad_frame);
}

TEST_CASE("questions about history that cannot be meant are refused") {
    for (const char* fields :
         {R"("before":1,"after":2)", R"("before":1,"from_time":"2026-11-21T10:00:00Z")", R"("limit":0)",
          R"("limit":-5)", R"("before":-2)", R"("before":"1")", R"("from_time":"noon")", R"("from_time":17)",
          R"("after":18446744073709551615)"})
        CHECK_MESSAGE(
            code(R"({"type":"history","room":"general",)" + std::string(fields) + "}") == Errc::bad_frame,
            fields);
}

TEST_CASE("the short form means the only room, and needs there to be one") {
    CHECK(as<SendMessage>(R"({"text":"hi"})", &general).room == general);
    CHECK(as<SendMessage>(R"({"text":"hi","id":"c9"})", &general).id.str() == "c9");
    CHECK(as<Typing>(R"({"typing":true})", &general).typing);
    CHECK(as<SendMessage>(R"({"text":"hi","typing":false})", &general).text == "hi");
    CHECK(as<SendMessage>(R"({"text":"hi","room":"other"})", &general).room.str() == "other");
    CHECK(code(R"({"text":"hi"})") == Errc::bad_frame);
    CHECK(code(R"({"typing":true})") == Errc::bad_frame);
    CHECK(code(R"({"typing":"yes"})", &general) == Errc::bad_frame);
    CHECK(code(R"({"text":7})", &general) == Errc::bad_frame);
    CHECK(code(R"({})", &general) == Errc::bad_frame);
}

TEST_CASE("what is not a frame at all is refused as one") {
    for (const std::string_view text : {"",
                                        " ",
                                        "null",
                                        "7",
                                        "\"x\"",
                                        "[]",
                                        "[{}]",
                                        "{",
                                        "{\"type\"",
                                        "{\"type\":}",
                                        "{'type':'join'}",
                                        "{\"type\":\"join\",}",
                                        "{} {}",
                                        "{\"type\":7}",
                                        "{\"type\":null}",
                                        "\xEF\xBB\xBF{\"text\":\"hi\"}",
                                        "{\"text\":\"\\ud800\"}",
                                        "{\"text\":\"\x01\"}",
                                        "NaN",
                                        "{\"type\":\"typing\",\"room\":\"general\"}",
                                        "{\"type\":\"typing\",\"room\":\"general\",\"typing\":1}",
                                        "{\"type\":\"refresh\"}",
                                        "{\"type\":\"message\",\"room\":\"general\"}",
                                        "{\"type\":\"message\",\"text\":\"hi\"}"})
        CHECK_MESSAGE(code(text) == Errc::bad_frame, text);
    for (const char* type : {"dance", "Join", "join ", "", "welcome"})
        CHECK(code(R"({"type":")" + std::string(type) + R"(","room":"general"})") == Errc::unknown_type);
}

TEST_CASE("a frame may nest as deep as the limit and no deeper, and a very deep one does no harm") {
    const auto nested = [](std::size_t depth) {
        return R"({"type":"typing","room":"general","typing":true,"x":)" + std::string(depth, '[') +
               std::string(depth, ']') + "}";
    };
    CHECK(as<Typing>(nested(limits::json_depth - 1)).typing);
    CHECK(code(nested(limits::json_depth + 1)) == Errc::bad_frame);
    CHECK(code(nested(30'000)) == Errc::bad_frame);
    CHECK(code(std::string(60'000, '[')) == Errc::bad_frame);
    std::string objects;
    for (int i = 0; i < 10'000; ++i) objects += "{\"a\":";
    CHECK(code(objects) == Errc::bad_frame);
}

TEST_CASE("a refusal echoes the id and the room, so that the client knows what was refused") {
    const auto refused = bad(R"({"type":"message","room":"general","id":"c7"})");
    CHECK(refused.id == "c7");
    CHECK(refused.room == "general");
    CHECK(bad(R"({"type":"dance","room":"general","id":"c7"})").id == "c7");
    CHECK(bad(R"({"type":"message","room":"No Slug","id":"c7","text":"x"})").room == "No Slug");
    const auto long_id =
        bad(R"({"type":"message","room":"general","text":"x","id":")" + std::string(65, 'i') + "\"}");
    CHECK(long_id.error.code == Errc::bad_id);
    CHECK(long_id.id.empty());  // not echoed at any length
    const auto odd = bad(R"({"type":"message","room":["general"],"id":7,"text":"x"})");
    CHECK(odd.id.empty());
    CHECK(odd.room.empty());
    CHECK(bad("[1]").id.empty());
}

TEST_CASE("the limit of a page is clamped, not refused") {
    CHECK(clamp_history(-5) == 0);
    CHECK(clamp_history(7) == 7);
    CHECK(clamp_history(INT64_MAX) == limits::history_page_messages);
}

TEST_CASE("frames with random damage give a frame or a refusal, never a crash") {
    const std::string seeds[] = {
        R"({"type":"join","room":"general","since":123,"epoch":"ab12","last":5})",
        R"({"type":"message","room":"general","id":"c1","text":"h\u00e9llo"})",
        R"({"type":"signal","room":"general","to":"s1","data":{"a":[1,"\u00e9",{}]}})",
        R"({"type":"history","room":"general","from_time":"2026-11-21T10:00:00Z","limit":5})"};
    std::mt19937 random(5);
    int refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = seeds[round % 4];
        for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[at] = static_cast<char>(random());
                    break;
                case 1:
                    text.erase(at, 1 + random() % 4);
                    break;
                case 2:
                    text.insert(at, 1, "{}[]\",:\\0"[random() % 9]);
                    break;
                default:
                    text = text.substr(0, at) + text.substr(at / 2);
            }
            if (text.empty()) text = "{";
        }
        const auto parsed = parse_client_frame(text, round % 2 == 0 ? &general : nullptr);
        if (std::holds_alternative<BadFrame>(parsed)) ++refused;
    }
    CHECK(refused > 1000);
}

}  // namespace roomcast::wire
