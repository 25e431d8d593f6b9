#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/core/result.hpp"

/// HTTP/1.1 heads and small bodies, parsed by Boost.Beast behind plain types.
namespace roomcast::net::http {

/// One request, whole. Header names are matched without regard to case.
struct Request {
    std::string method;
    std::string target;  // as sent: path and query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool keep_alive = true;
    bool wants_websocket = false;  // a well-formed upgrade to `websocket`

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    [[nodiscard]] std::string_view path() const;
    /// A query parameter, percent-decoded. None when it is missing or badly encoded.
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
    /// Whether every part of the query can be decoded, so that none counts as missing that is not.
    [[nodiscard]] bool query_is_well_encoded() const;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // further ones
};

/// Reads requests from bytes as they come. Owned by one connection. Limits: limits::http_header_bytes and
/// limits::http_body_bytes; past them `feed` fails with `too_large`, with anything malformed `bad_frame`.
class RequestReader {
public:
    RequestReader();
    ~RequestReader();
    RequestReader(RequestReader&&) noexcept;
    RequestReader& operator=(RequestReader&&) noexcept;

    /// Takes bytes; none: more are needed. After a request, call again with an empty span for a pipelined
    /// one.
    [[nodiscard]] Result<std::optional<Request>> feed(std::span<const char> bytes);
    /// Bytes that came behind the request that was given last (after an upgrade: the first frames).
    [[nodiscard]] std::string take_rest();
    /// True when a request has begun and is not complete.
    [[nodiscard]] bool in_request() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::string buffer_;
    bool begun_ = false;
};

/// The bytes of a response, with Content-Length, Date and the security headers that every answer has.
[[nodiscard]] std::string serialize(const Response& response, bool keep_alive, bool head_only = false);
[[nodiscard]] Response error_response(const Error& error);
[[nodiscard]] std::string_view reason_phrase(unsigned status);
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace roomcast::net::http
