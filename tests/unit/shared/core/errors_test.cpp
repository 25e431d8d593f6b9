#include "shared/core/errors.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "shared/core/result.hpp"

namespace roomcast {

TEST_CASE("every error has a name of its own in lower_case, a sentence, and an HTTP status of a failure") {
    std::set<std::string_view> names;
    for (std::uint8_t i = 0; i < errc_count; ++i) {
        const auto code = static_cast<Errc>(i);
        const auto name = name_of(code);
        CHECK(names.insert(name).second);
        CHECK_FALSE(name.empty());
        CHECK(
            std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
        CHECK_FALSE(text_of(code).empty());
        CHECK(http_status_of(code) >= 400);
        CHECK(http_status_of(code) < 600);
    }
    CHECK(names.contains("not_a_member"));
}

TEST_CASE("a wait is named only where trying again can help, and then it is a real one") {
    for (std::uint8_t i = 0; i < errc_count; ++i) {
        const auto code = static_cast<Errc>(i);
        const auto wait = retry_after_ms(code);
        if (wait) CHECK(retryable(code));
        if (wait) CHECK(*wait > 0);
        if (retryable(code)) CHECK(http_status_of(code) >= 429);
    }
    CHECK(retryable(Errc::busy));
    CHECK(retryable(Errc::unknown_outcome));
    CHECK_FALSE(retryable(Errc::bad_frame));
}

TEST_CASE("every close code has a reason that fits a close frame") {
    for (const auto code :
         {CloseCode::normal, CloseCode::going_away, CloseCode::protocol_error, CloseCode::unsupported_data,
          CloseCode::invalid_text, CloseCode::policy, CloseCode::too_big, CloseCode::internal_error,
          CloseCode::restarting, CloseCode::try_later, CloseCode::token_expired, CloseCode::removed,
          CloseCode::too_slow}) {
        CHECK_FALSE(reason_of(code).empty());
        CHECK(reason_of(code).size() <= 123);
    }
}

TEST_CASE("a result is its value or its error") {
    const Result<int> good(7);
    CHECK(good.ok());
    CHECK(*good == 7);
    const Result<int> bad(Errc::busy);
    CHECK_FALSE(bad);
    CHECK(bad.error().code == Errc::busy);
    CHECK(Result<void>().ok());
    CHECK(Result<void>(Error{Errc::busy, "why"}).error().detail == "why");
}

}  // namespace roomcast
