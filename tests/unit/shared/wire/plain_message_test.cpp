#include "shared/wire/plain_message.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace roomcast::wire {
namespace {

using nlohmann::json;

/// What is read plainly has to be what a JSON parser reads.
void check_against_json(const std::string& text, const SendMessage& read) {
    CAPTURE(text);
    const auto document = json::parse(text, nullptr, false);
    REQUIRE(document.is_object());
    CHECK(document.value("type", "") == "message");
    CHECK(document.value("room", "") == read.room.str());
    CHECK(document.value("text", "") == read.text);
    CHECK(document.value("id", read.id.str()) == read.id.str());
}

}  // namespace

TEST_CASE("a message of strings is read, in any order, with any space, with an id or without") {
    for (const std::string text : {
             R"({"type":"message","room":"general","id":"c1","text":"Grüße, 你好 😀"})",
             R"({"text":"","id":"c1","room":"general","type":"message"})",
             " {\t\"type\" : \"message\" ,\r\n\"room\":\"general\", \"id\":\"c1\",\"text\":\"{a: [b]}\" } \n",
             "{\"type\":\"message\",\"room\":\"general\",\"text\":\"\x7f'/\"}",
             R"({"type":"message","room":"general","text":"a \" quote, \n a line, \u00e9\u4f60\u0000"})",
             R"({"type":"message","room":"general","text":"hi","more":"x\\"})",
             R"({"type":"message","room":"general","text":"hi","text":"ho"})",
         }) {
        const auto read = read_plain_message(text);
        REQUIRE_MESSAGE(read, text);
        check_against_json(text, *read);
    }
    const std::string without_id = R"({"type":"message","room":"general","text":"hi"})";
    CHECK(read_plain_message(without_id)->id != read_plain_message(without_id)->id);
    const std::string longest(limits::message_text_bytes, 'x');
    CHECK(read_plain_message(R"({"type":"message","room":"general","text":")" + longest + "\"}")->text ==
          longest);
}

TEST_CASE("everything else is left to the JSON parser, right or wrong") {
    const std::string longer(limits::message_text_bytes + 1, 'x');
    for (const std::string& text : {
             std::string(R"({"type":"message","room":"general","text":"\ud83d\ude00"})"),
             std::string(R"({"type":"message","room":"general","text":"\x"})"),
             std::string(R"({"type":"message","room":"general","text":"\u00"})"),
             std::string(R"({"type":"message","room":"general","text":"hi","more":1})"),
             std::string("{\"type\":\"message\",\"room\":\"general\",\"text\":\"hi\",\"more\":\"\xff\"}"),
             std::string(R"({"type":"message","room":"general","text":"hi","id":7})"),
             std::string(R"({"type":"message","room":"general","text":"hi","id":"two words"})"),
             std::string(R"({"type":"message","room":"General","text":"hi"})"),
             std::string(R"({"type":"message","room":"general","text":null})"),
             std::string(R"({"type":"message","room":"general"})"),
             std::string(R"({"type":"message","text":"hi"})"),
             std::string(R"({"type":"join","room":"general","text":"hi"})"),
             std::string(R"({"room":"general","text":"hi"})"),
             std::string(R"({"text":"hi"})"),
             std::string(R"({"type":"message","room":"general","text":"hi",})"),
             std::string(R"({"type":"message","room":"general","text":"hi"}})"),
             std::string(R"({"type":"message","room":"general","text":"hi"} x)"),
             std::string(R"({"type":"message","room":"general","text":"hi")"),
             std::string(R"({"type":"message","room":"general","text":"hi)"),
             std::string(R"({"type":"message" "room":"general","text":"hi"})"),
             std::string(R"({"type","message","room":"general","text":"hi"})"),
             std::string("{\"type\":\"message\",\"room\":\"general\",\"text\":\"a\nb\"}"),
             std::string("{\"type\":\"message\",\"room\":\"general\",\"text\":\"a\0b\"}", 48),
             std::string("{\"type\":\"message\",\"room\":\"general\",\"text\":\"\xff\"}"),
             std::string("{\"type\":\"message\",\"room\":\"general\",\"text\":\"\xe2\x82\"}"),
             std::string("\xEF\xBB\xBF{\"type\":\"message\",\"room\":\"general\",\"text\":\"hi\"}"),
             R"({"type":"message","room":"general","text":")" + longer + "\"}",
             std::string("[]"),
             std::string("{}"),
             std::string("{"),
             std::string(" "),
             std::string(),
         })
        CHECK_FALSE_MESSAGE(read_plain_message(text), text);
}

TEST_CASE("of frames with a few bytes changed none is read otherwise than by the JSON parser") {
    std::mt19937 random(26);
    const std::string whole =
        R"({"type":"message", "room":"general","id":"c1","text":"Gr\u00fc\u00dfe {[,:é\n"})";
    constexpr std::string_view bytes = "{}[]\",:\\ \t\n\0abud\xc3\xa9\x1f";
    std::size_t read = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string text = whole;
        for (auto changes = 1 + random() % 2; changes > 0; --changes) {
            const auto at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.erase(at, 1 + random() % 3);
                    break;
                default:
                    text.insert(at, 1, byte);
            }
        }
        if (const auto message = read_plain_message(text)) {
            ++read;
            check_against_json(text, *message);
        }
    }
    CHECK(read > 5'000);
}

}  // namespace roomcast::wire
