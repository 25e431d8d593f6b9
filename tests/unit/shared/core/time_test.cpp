#include "shared/core/time.hpp"

#include <random>

#include <doctest/doctest.h>

namespace roomcast {

TEST_CASE("a time is written in RFC 3339 with milliseconds, in UTC") {
    CHECK(format_rfc3339(0) == "1970-01-01T00:00:00.000Z");
    CHECK(format_rfc3339(1'795'255'200'123) == "2026-11-21T10:00:00.123Z");
    CHECK(format_rfc3339(1'709'164'800'007) == "2024-02-29T00:00:00.007Z");
    CHECK(format_rfc3339(-1) == "1969-12-31T23:59:59.999Z");
    CHECK(format_rfc3339(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
    CHECK(format_rfc3339(-62'167'219'200'000) == "0000-01-01T00:00:00.000Z");
}

TEST_CASE("years that have no four digits are written as they are") {
    CHECK(format_rfc3339(253'402'300'800'000) == "10000-01-01T00:00:00.000Z");
    CHECK(format_rfc3339(-62'167'219'200'001) == "-001-12-31T23:59:59.999Z");
}

TEST_CASE("what is written is read back to the millisecond") {
    std::mt19937_64 random(20261121);
    std::uniform_int_distribution<TimeMs> times(-62'135'596'800'000, 253'402'300'799'999);  // years 1 to 9999
    for (int i = 0; i < 2000; ++i) {
        const TimeMs time = times(random);
        CHECK(parse_rfc3339(format_rfc3339(time)) == time);
    }
}

TEST_CASE("offsets are taken off, and one moment has many spellings") {
    const TimeMs noon = parse_rfc3339("2026-11-21T12:00:00Z").value();
    CHECK(parse_rfc3339("2026-11-21T14:00:00+02:00") == noon);
    CHECK(parse_rfc3339("2026-11-21T06:30:00-05:30") == noon);
    CHECK(parse_rfc3339("2026-11-22T11:59:00+23:59") == noon);
    CHECK(parse_rfc3339("2026-11-21t12:00:00z") == noon);
    CHECK(parse_rfc3339("2026-11-21 12:00:00.000Z") == noon);
    CHECK(parse_rfc3339("2026-11-21T12:00:00-00:00") == noon);
    CHECK(parse_rfc3339("2026-01-01T00:30:00+01:00") == parse_rfc3339("2025-12-31T23:30:00Z"));
}

TEST_CASE("a fraction of any length is cut to milliseconds") {
    const TimeMs second = parse_rfc3339("2026-11-21T12:00:00Z").value();
    CHECK(parse_rfc3339("2026-11-21T12:00:00.5Z") == second + 500);
    CHECK(parse_rfc3339("2026-11-21T12:00:00.05Z") == second + 50);
    CHECK(parse_rfc3339("2026-11-21T12:00:00.123999999999999Z") == second + 123);
    CHECK_FALSE(parse_rfc3339("2026-11-21T12:00:00.Z"));
}

TEST_CASE("the leap day is there in leap years only, and a leap second is the next minute's first") {
    CHECK(parse_rfc3339("2024-02-29T00:00:00Z") == 1'709'164'800'000);
    CHECK(parse_rfc3339("2000-02-29T00:00:00Z"));
    CHECK_FALSE(parse_rfc3339("2023-02-29T00:00:00Z"));
    CHECK_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
    CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST_CASE("what is no time is refused") {
    for (const char* bad : {"",
                            "2026",
                            "2026-11-21",
                            "2026-11-21T12:00:00",
                            "2026-11-21T12:00Z",
                            "2026-11-21T12:00:00Zx",
                            "2026-11-21T12:00:00 Z",
                            "2026-13-01T00:00:00Z",
                            "2026-00-01T00:00:00Z",
                            "2026-04-31T00:00:00Z",
                            "2026-01-00T00:00:00Z",
                            "2026-01-01T24:00:00Z",
                            "2026-01-01T00:60:00Z",
                            "2026-01-01T00:00:61Z",
                            "2026-01-01T00:00:00+24:00",
                            "2026-01-01T00:00:00+01:60",
                            "2026-01-01T00:00:00+0100",
                            "2026-01-01T00:00:00+1:00",
                            "26-01-01T00:00:00Z",
                            "2026/01/01T00:00:00Z",
                            "2026-1-1T00:00:00Z",
                            "+026-01-01T00:00:00Z",
                            "-001-01-01T00:00:00Z",
                            "2026-01-01T00:00:00,5Z",
                            "2026-01-01T00:00:00.5",
                            "1795255200",
                            "yesterday"})
        CHECK_MESSAGE(!parse_rfc3339(bad), bad);
}

TEST_CASE("every beginning of a time is refused") {
    const std::string whole = "2026-11-21T12:00:00.123+01:00";
    REQUIRE(parse_rfc3339(whole));
    for (std::size_t length = 0; length < whole.size(); ++length)
        CHECK_FALSE(parse_rfc3339(std::string_view(whole).substr(0, length)));
}

}  // namespace roomcast
