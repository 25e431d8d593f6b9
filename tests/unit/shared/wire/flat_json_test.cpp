#include "shared/wire/flat_json.hpp"

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace roomcast::wire {
namespace {

/// The text that is read of `{"text":"<inside>"}`; nothing where that is left to a general parser.
std::optional<std::string> read_text(const std::string& inside) {
    std::array<FlatField, 1> fields{{{"text", {}, false}}};
    if (!read_flat_json(R"({"text":")" + inside + "\"}", fields)) return std::nullopt;
    CHECK(fields[0].found);
    return fields[0].value;
}

/// What a general parser reads of the same.
std::optional<std::string> parse_text(const std::string& inside) {
    const auto value = nlohmann::json::parse(R"({"text":")" + inside + "\"}", nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value.at("text").get<std::string>();
}

std::string code(unsigned value) {
    std::array<char, 7> text{};
    std::snprintf(text.data(), text.size(), "\\u%04x", value);
    return text.data();
}

}  // namespace

TEST_CASE("each byte by itself, and after a backslash, is read as a general parser reads it") {
    for (int byte = 0; byte < 0x80; ++byte) {
        CAPTURE(byte);
        const std::string one(1, static_cast<char>(byte));
        CHECK(read_text("a" + one + "b") == parse_text("a" + one + "b"));
        CHECK(read_text("a\\" + one + "b") == parse_text("a\\" + one + "b"));
    }
}

TEST_CASE("each \\u escape is read as a general parser reads it; surrogates are left to that") {
    for (unsigned value = 0; value <= 0xFFFF; ++value) {
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        const auto read = read_text(code(value));
        if (surrogate ? read.has_value() : read != parse_text(code(value))) FAIL_CHECK(code(value));
    }
    CHECK(read_text("\\u00E9\\u00e9") == "\u00e9\u00e9");
    for (const char* broken : {"\\u", "\\u00", "\\u00g0", "\\u-001", "\\u 041", "\\U0041"})
        CHECK_FALSE_MESSAGE(read_text(broken), broken);
}

TEST_CASE("of a name said twice the last value counts, and what nobody asked for is passed over") {
    std::array<FlatField, 2> fields{{{"a", {}, false}, {"b", {}, false}}};
    REQUIRE(read_flat_json(R"({"a":"first, and longer","more":"x","a":"last"})", fields));
    CHECK(fields[0].value == "last");
    CHECK(fields[0].found);
    CHECK_FALSE(fields[1].found);
    CHECK(read_flat_json(" { } ", fields));
}

TEST_CASE("what is no object of strings alone is left to a general parser") {
    std::array<FlatField, 1> fields{{{"a", {}, false}}};
    for (const char* text : {"", "{", "[]", "\"a\"", R"({"a":1})", R"({"a":null})", R"({"a":{}})",
                             R"({"a":["b"]})", R"({"a":"b")", R"({"a":"b"}})", R"({"a":"b",})",
                             R"({"a" "b"})", R"({"a":"b" "c":"d"})", R"({a:"b"})", R"({,})"})
        CHECK_FALSE_MESSAGE(read_flat_json(text, fields), text);
}

}  // namespace roomcast::wire
