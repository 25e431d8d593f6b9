#include "shared/auth/credentials.hpp"

#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

using Way = OfferedToken::Way;

std::string token_in(const CredentialHeaders& headers) {
    const auto found = find_token(headers);
    return found ? std::string(found->token) : "(none)";
}

}  // namespace

TEST_CASE("a token is found in each of the three places") {
    CHECK(token_in({.authorization = "Bearer a.b.c", .subprotocols = "", .cookie = ""}) == "a.b.c");
    CHECK(token_in({.authorization = "", .subprotocols = "roomcast.v1, bearer.a.b.c", .cookie = ""}) ==
          "a.b.c");
    CHECK(token_in({.authorization = "", .subprotocols = "", .cookie = "token=a.b.c"}) == "a.b.c");
    CHECK(token_in({}) == "(none)");
}

TEST_CASE("Authorization goes before the subprotocol, and that before the cookie") {
    CredentialHeaders headers{
        .authorization = "Bearer one", .subprotocols = "bearer.two", .cookie = "token=three"};
    CHECK(find_token(headers)->token == "one");
    CHECK(find_token(headers)->way == Way::authorization);
    headers.authorization = "";
    CHECK(find_token(headers)->token == "two");
    CHECK(find_token(headers)->way == Way::subprotocol);
    headers.subprotocols = "roomcast.v1";
    CHECK(find_token(headers)->token == "three");
    CHECK(find_token(headers)->way == Way::cookie);
}

TEST_CASE("an empty token, or Authorization of another scheme, leaves the word to the next place") {
    for (const char* authorization : {"Bearer", "Bearer ", "Basic abc", "Bearerabc", "", " ", "bearer.abc"})
        CHECK(token_in({.authorization = authorization, .subprotocols = "", .cookie = "token=c"}) == "c");
    CHECK(token_in({.authorization = "", .subprotocols = "bearer.", .cookie = "token=c"}) == "c");
    CHECK(token_in({.authorization = "", .subprotocols = "", .cookie = "token="}) == "(none)");
}

TEST_CASE("the scheme's name is matched in any case, and white space around the token does not count") {
    CHECK(token_in({.authorization = "bearer abc", .subprotocols = "", .cookie = ""}) == "abc");
    CHECK(token_in({.authorization = " BEARER   abc\t", .subprotocols = "", .cookie = ""}) == "abc");
}

TEST_CASE("a cookie is found by its exact name among several") {
    CHECK(cookie_value("a=1; token=x; b=2", "token") == "x");
    CHECK(cookie_value("a=1;token=x;b=2", "token") == "x");
    CHECK(cookie_value("token=x", "token") == "x");
    CHECK(cookie_value("xtoken=1; token2=2; Token=3", "token") == std::nullopt);
    CHECK(cookie_value("a=token=x", "token") == std::nullopt);
    CHECK(cookie_value("", "token") == std::nullopt);
}

TEST_CASE("of two cookies with one name the first counts") {
    CHECK(cookie_value("token=a; token=b", "token") == "a");
}

TEST_CASE("a cookie's value is taken whole, without its quotes") {
    CHECK(cookie_value("token=a=b==", "token") == "a=b==");
    CHECK(cookie_value("token=\"a.b\"", "token") == "a.b");
    CHECK(cookie_value("token=\"", "token") == "\"");
    CHECK(cookie_value(" token = x ", "token") == "x");
    CHECK(cookie_value("token=; a=1", "token") == "");
}

TEST_CASE("pieces of a cookie header that are no cookies are passed over") {
    CHECK(cookie_value(";;; ; token; =x; token=y", "token") == "y");
    CHECK(cookie_value(std::string("a\0b=1; token=y", 14), "token") == "y");
}

TEST_CASE("a cookie header is looked at up to a limit") {
    std::string many;
    for (std::size_t i = 1; i < cookies_most; ++i) many += "a=1;";
    CHECK(cookie_value(many + "token=x", "token") == "x");
    CHECK(cookie_value("a=1;" + many + "token=x", "token") == std::nullopt);
    const std::string big = "token=x; pad=" + std::string(limits::http_header_bytes, 'p');
    CHECK(cookie_value(big, "token") == std::nullopt);
    CHECK(token_in({.authorization = "Bearer " + std::string(limits::http_header_bytes, 'p'),
                    .subprotocols = "",
                    .cookie = ""}) == "(none)");
}

TEST_CASE("a subprotocol is offered when it is in the list, exactly") {
    CHECK(offers_protocol("roomcast.v1, bearer.x", ws_protocol));
    CHECK(offers_protocol("chat ,\troomcast.v1", ws_protocol));
    CHECK_FALSE(offers_protocol("roomcast.v10", ws_protocol));
    CHECK_FALSE(offers_protocol("Roomcast.v1", ws_protocol));
    CHECK_FALSE(offers_protocol("", ws_protocol));
}

TEST_CASE("a list of subprotocols is looked at up to a limit") {
    std::string many;
    for (std::size_t i = 1; i < offered_protocols_most; ++i) many += "p,";
    CHECK(token_in({.authorization = "", .subprotocols = many + "bearer.x", .cookie = ""}) == "x");
    CHECK(token_in({.authorization = "", .subprotocols = "p," + many + "bearer.x", .cookie = ""}) ==
          "(none)");
}

}  // namespace roomcast::auth
