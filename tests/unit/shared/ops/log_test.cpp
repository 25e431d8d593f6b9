#include "shared/ops/log.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "shared/core/utf8.hpp"
#include "shared/ops/log_line.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::ops {
namespace {

constexpr TimeMs time = 1'795'255'200'123;  // 2026-11-21T10:00:00.123Z

std::string logfmt(std::initializer_list<LogField> fields) {
    const auto line = logfmt_line({time, LogLevel::info, "edge-1", "e", fields});
    const std::string start = "ts=" + format_rfc3339(time) + " level=info node=edge-1 event=e";
    REQUIRE(line.starts_with(start));
    return line.substr(start.size());
}

std::string json_text(std::initializer_list<LogField> fields) {
    return json_line({time, LogLevel::info, "edge-1", "e", fields});
}

bool one_printable_line(const std::string& line) {
    return valid_utf8(line) && std::none_of(line.begin(), line.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
}

}  // namespace

TEST_CASE("a log line in logfmt has time, level, node and event, then the fields in their order") {
    CHECK(logfmt_line({time, LogLevel::warn, "edge-1", "room_joined", {{"room", "general"}, {"count", 3}}}) ==
          "ts=2026-11-21T10:00:00.123Z level=warn node=edge-1 event=room_joined room=general count=3");
}

TEST_CASE("a log line in JSON has the same, and its values keep their kinds") {
    const auto parsed =
        nlohmann::json::parse(json_text({{"s", "a \"b\"\n\\"}, {"i", -5}, {"d", 0.25}, {"b", true}}));
    CHECK(parsed["ts"] == "2026-11-21T10:00:00.123Z");
    CHECK(parsed["level"] == "info");
    CHECK(parsed["node"] == "edge-1");
    CHECK(parsed["event"] == "e");
    CHECK(parsed["s"] == "a \"b\"\n\\");
    CHECK(parsed["i"] == -5);
    CHECK(parsed["d"] == 0.25);
    CHECK(parsed["b"] == true);
}

TEST_CASE("values of all kinds can be logged, ids among them") {
    const auto room = RoomSlug::trusted("general");
    const std::string text = "t";
    CHECK(logfmt({{"room", room}, {"text", text}, {"view", std::string_view("v")}, {"literal", "l"}}) ==
          " room=general text=t view=v literal=l");
    CHECK(logfmt({{"small", std::uint8_t{7}},
                  {"size", std::size_t{9}},
                  {"real", 1.5},
                  {"yes", true},
                  {"no", false}}) == " small=7 size=9 real=1.5 yes=true no=false");
}

TEST_CASE("a number that is none is logged as a word, in JSON as a string") {
    CHECK(logfmt({{"x", std::numeric_limits<double>::quiet_NaN()},
                  {"y", -std::numeric_limits<double>::infinity()}}) == " x=nan y=-inf");
    CHECK(nlohmann::json::parse(json_text({{"x", std::numeric_limits<double>::infinity()}}))["x"] == "inf");
}

TEST_CASE("values are quoted in logfmt where they would be misread") {
    CHECK(logfmt({{"a", ""}}) == " a=\"\"");
    CHECK(logfmt({{"a", "two words"}}) == " a=\"two words\"");
    CHECK(logfmt({{"a", "k=v"}}) == " a=\"k=v\"");
    CHECK(logfmt({{"a", "say \"hi\" \\"}}) == " a=\"say \\\"hi\\\" \\\\\"");
    CHECK(logfmt({{"a", "Привет"}}) == " a=\"Привет\"");
}

TEST_CASE("no value can break its line, forge another or reach the terminal") {
    CHECK(logfmt({{"a", "x\nlevel=error event=forged"}}) == " a=\"x\\nlevel=error event=forged\"");
    for (const std::string& text :
         {std::string("\r\n"), std::string("\x1b[2J"), std::string("a\0b", 3), std::string("\x7f"),
          std::string("\xc2\x9b"), std::string("\u2028\u2029"), std::string("\xff\xfe"), std::string("\xd0"),
          std::string("\xed\xa0\x80")}) {
        const auto line = logfmt({{"a", text}});
        CHECK(one_printable_line(line));
        CHECK(line.find("\u2028") == std::string::npos);
        CHECK(line.find("\xc2\x9b") == std::string::npos);
        CHECK(one_printable_line(json_text({{"a", text}})));
        CHECK(nlohmann::json::accept(json_text({{"a", text}})));
    }
    CHECK(logfmt({{"a", "\x1b"}}) == " a=\"\\u001b\"");
    CHECK(logfmt({{"a", "x\xffy"}}) == " a=\"x\uFFFDy\"");
}

TEST_CASE("a value above the limit is cut, and not within a character") {
    CHECK(logfmt({{"a", std::string(log_value_bytes, 'x')}}) == " a=" + std::string(log_value_bytes, 'x'));
    CHECK(logfmt({{"a", std::string(log_value_bytes + 1, 'x')}}) ==
          " a=\"" + std::string(log_value_bytes, 'x') + "...\"");
    const auto odd = "x" + std::string(log_value_bytes - 2, 'y') + "я and more";
    CHECK(logfmt({{"a", odd}}) == " a=\"x" + std::string(log_value_bytes - 2, 'y') + "...\"");
}

TEST_CASE("fields named like a secret are never written") {
    for (const char* key : {"token", "password", "secret", "Token", "PASSWORD", "room_password",
                            "link-secret", "sasl.password", "jwt", "cookie"}) {
        CHECK(logfmt({{key, "hunter2"}}) == " " + std::string(key) + "=[redacted]");
        CHECK(json_text({{key, "hunter2"}}).find("hunter2") == std::string::npos);
        CHECK(logfmt({{key, 1234}}).find("1234") == std::string::npos);
    }
    CHECK(logfmt({{"token_id", "t1"}}) == " token_id=t1");
    CHECK(logfmt({{"tokens", 3}}) == " tokens=3");
}

TEST_CASE("events below the log's level are not written") {
    CapturedLog captured(LogSettings{.level = "warn", .format = "logfmt"});
    captured.log.info("quiet");
    captured.log.warn("loud");
    captured.log.error("louder");
    CHECK_FALSE(captured.log.enabled(LogLevel::info));
    CHECK(captured.log.enabled(LogLevel::warn));
    CHECK_FALSE(captured.has("quiet"));
    CHECK(captured.has("level=warn node=edge-1 event=loud\n"));
    CHECK(captured.has("level=error node=edge-1 event=louder\n"));
}

TEST_CASE("each level can be chosen, and one that does not exist stops the start") {
    for (const char* level : {"trace", "debug", "info", "warn", "error"})
        CHECK_NOTHROW(CapturedLog(LogSettings{level, "json"}));
    CHECK_THROWS_AS(CapturedLog(LogSettings{"loud", "json"}), std::invalid_argument);
}

TEST_CASE("many threads log, and their lines stay whole") {
    CapturedLog captured(LogSettings{"info", "json"});
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&log = captured.log] {
                for (int i = 0; i < 200; ++i) log.info("e", {{"i", i}, {"text", "a text of some length"}});
            });
    }
    std::istringstream lines(captured.lines.str());
    int whole = 0;
    for (std::string line; std::getline(lines, line);) whole += nlohmann::json::accept(line) ? 1 : 0;
    CHECK(whole == 800);
}

}  // namespace roomcast::ops
