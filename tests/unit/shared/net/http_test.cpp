#include "shared/net/http.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::net::http {
namespace {

Result<std::optional<Request>> feed(RequestReader& reader, std::string_view bytes) {
    return reader.feed(std::span(bytes.data(), bytes.size()));
}

Request one(std::string_view bytes) {
    RequestReader reader;
    auto got = feed(reader, bytes);
    REQUIRE(got);
    REQUIRE(got->has_value());
    return std::move(**got);
}

Errc failure(std::string_view bytes) {
    RequestReader reader;
    const auto got = feed(reader, bytes);
    REQUIRE_FALSE(got);
    return got.error().code;
}

constexpr std::string_view upgrade =
    "GET /ws?room=general HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::string with(std::string_view what, std::string_view instead) {
    std::string text(upgrade);
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("a request is read as it was sent, cut anywhere") {
    const std::string bytes =
        "POST /login?next=%2Frooms HTTP/1.1\r\nHost: chat.example\r\nContent-Length: 11\r\nX-Two: "
        "a\r\nx-two: b\r\n\r\nhello world";
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        RequestReader reader;
        auto first = feed(reader, std::string_view(bytes).substr(0, cut));
        REQUIRE(first);
        CHECK_FALSE(first->has_value());
        CHECK(reader.in_request());
        auto rest = feed(reader, std::string_view(bytes).substr(cut));
        REQUIRE(rest);
        REQUIRE(rest->has_value());
        const Request& request = **rest;
        CHECK(request.method == "POST");
        CHECK(request.target == "/login?next=%2Frooms");
        CHECK(request.path() == "/login");
        CHECK(request.query("next") == "/rooms");
        CHECK(request.header("HOST") == "chat.example");
        CHECK(request.body == "hello world");
        CHECK(request.keep_alive);
        CHECK_FALSE(request.wants_websocket);
        CHECK_FALSE(request.header("cookie"));
        CHECK_FALSE(reader.in_request());
    }
}

TEST_CASE("pipelined requests come one by one, and what follows an upgrade is kept") {
    RequestReader reader;
    std::string bytes =
        "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nokGET /3 HTTP/1.1\r\n\r\n" +
        std::string(upgrade) + "first frames";
    auto got = feed(reader, bytes);
    for (const char* target : {"/1", "/2", "/3"}) {
        REQUIRE(got);
        REQUIRE(got->has_value());
        CHECK((**got).target == target);
        got = reader.feed({});
    }
    REQUIRE(got);
    REQUIRE(got->has_value());
    CHECK((**got).wants_websocket);
    CHECK(reader.take_rest() == "first frames");
    CHECK_FALSE(reader.in_request());
}

TEST_CASE("the end of a connection is asked for by the header or by the version") {
    CHECK(one("GET / HTTP/1.1\r\n\r\n").keep_alive);
    CHECK_FALSE(one("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").keep_alive);
    CHECK_FALSE(one("GET / HTTP/1.0\r\n\r\n").keep_alive);
}

TEST_CASE("headers and bodies have limits, told before the body comes") {
    const auto padded = [](std::size_t bytes) {
        return "GET / HTTP/1.1\r\nX-Padding: " + std::string(bytes, 'p') + "\r\n\r\n";
    };
    CHECK(one(padded(limits::http_header_bytes - 100)).method == "GET");
    CHECK(failure(padded(limits::http_header_bytes)) == Errc::too_large);
    CHECK(failure("GET /" + std::string(limits::http_header_bytes + 1, 'x')) == Errc::too_large);
    const auto sized = [](std::size_t bytes) {
        return "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
    };
    CHECK(one(sized(limits::http_body_bytes) + std::string(limits::http_body_bytes, 'b')).body.size() ==
          limits::http_body_bytes);
    CHECK(failure(sized(limits::http_body_bytes + 1)) == Errc::too_large);
    std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t sent = 0; sent <= limits::http_body_bytes; sent += 0x1000)
        chunked += "1000\r\n" + std::string(0x1000, 'c') + "\r\n";
    CHECK(failure(chunked) == Errc::too_large);
}

TEST_CASE("a chunked body is put together") {
    CHECK(one("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body ==
          "abcde");
}

TEST_CASE("a chunked body may come byte by byte, its end too") {
    for (const std::string_view body : {"0\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "0\r\nTrailer: t\r\n\r\n"}) {
        const std::string bytes = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
        RequestReader reader;
        for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
            const auto got = feed(reader, std::string_view(bytes).substr(at, 1));
            REQUIRE(got);
            CHECK_FALSE(got->has_value());
            CHECK(reader.in_request());
        }
        const auto got = feed(reader, std::string_view(bytes).substr(bytes.size() - 1));
        REQUIRE(got);
        CHECK(got->has_value());
    }
}

TEST_CASE("what is not HTTP is refused") {
    for (const char* bad :
         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "hello there\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
          "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"})
        CHECK_MESSAGE(failure(bad) == Errc::bad_frame, bad);
}

TEST_CASE("an upgrade is one only when all of its headers say so") {
    CHECK(one(upgrade).wants_websocket);
    CHECK(one(with("Upgrade: websocket", "upgrade: WebSocket")).wants_websocket);
    CHECK_FALSE(one(with("GET", "POST")).wants_websocket);
    CHECK_FALSE(one(with("HTTP/1.1", "HTTP/1.0")).wants_websocket);
    CHECK_FALSE(one(with("keep-alive, Upgrade", "keep-alive")).wants_websocket);
    CHECK_FALSE(one(with("Upgrade: websocket", "Upgrade: h2c")).wants_websocket);
    CHECK_FALSE(one(with("Version: 13", "Version: 8")).wants_websocket);
    CHECK_FALSE(one(with("dGhlIHNhbXBsZSBub25jZQ==", "short")).wants_websocket);
}

TEST_CASE("query parameters are found by name and decoded") {
    Request request;
    request.target = "/ws?room=general&last=&flag&since=12&name=a%20b+c%C3%A9&bad=%zz&room=second";
    CHECK(request.path() == "/ws");
    CHECK(request.query("room") == "general");
    CHECK(request.query("last") == "");
    CHECK(request.query("flag") == "");
    CHECK(request.query("since") == "12");
    CHECK(request.query("name") == "a b c\u00e9");
    CHECK_FALSE(request.query("bad"));
    CHECK_FALSE(request.query("roo"));
    CHECK_FALSE(request.query("general"));
    request.target = "/plain";
    CHECK_FALSE(request.query("room"));
    request.target = "/?&&=&a=1";
    CHECK(request.query("a") == "1");
}

TEST_CASE("a query is well encoded when every part of it can be decoded") {
    Request request;
    for (const char* good : {"/rooms", "/rooms?", "/rooms?q=a%20b&limit=5", "/%zz?q=a", "/rooms?a&&b="}) {
        request.target = good;
        CHECK(request.query_is_well_encoded());
    }
    for (const char* bad : {"/rooms?q=%", "/rooms?q=%zz", "/rooms?limit=5&x%4=1"}) {
        request.target = bad;
        CHECK_FALSE(request.query_is_well_encoded());
    }
}

TEST_CASE("percent encoding is undone or refused") {
    CHECK(percent_decode("a%41%2f%2F%00").value() == std::string("aA//\0", 5));
    CHECK(percent_decode("100%25") == "100%");
    for (const char* bad : {"%", "%4", "a%4", "%G1", "%1G", "% 1", "%%41"}) CHECK_FALSE(percent_decode(bad));
}

TEST_CASE("a response says its length and whether the connection stays; HEAD leaves the body out") {
    Response response;
    response.body = "{}";
    response.headers.emplace_back("Cache-Control", "no-store");
    const auto text = serialize(response, true);
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.ends_with("\r\n\r\n{}"));
    for (const char* line : {"Content-Length: 2", "Connection: keep-alive", "Cache-Control: no-store",
                             "X-Content-Type-Options: nosniff"})
        CHECK(text.find(line) != std::string::npos);
    const auto head = serialize(response, false, true);
    CHECK(head.find("Content-Length: 2") != std::string::npos);
    CHECK(head.find("Connection: close") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("an error's response carries its status, code, and wait in whole seconds") {
    const auto response = error_response(Error{Errc::busy, "\"quoted\" and \xFF"});
    CHECK(response.status == 503);
    const auto body = nlohmann::json::parse(response.body);
    CHECK(body["error"]["code"] == "busy");
    CHECK(body["error"]["retry_after_ms"] == 500);
    CHECK(serialize(response, true).find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(error_response(Error{Errc::not_found, {}}).status == 404);
}

}  // namespace roomcast::net::http
