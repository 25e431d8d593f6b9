#include "shared/net/http.hpp"

#include <ctime>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"
#include "shared/net/websocket.hpp"

namespace roomcast::net::http {
namespace beast = boost::beast;

namespace {

constexpr std::size_t last_chunk_bytes = 5;  // "0", and two ends of line

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool asks_for_websocket(const beast::http::request<beast::http::string_body>& message) {
    if (message.method() != beast::http::verb::get || message.version() != 11) return false;
    if (!beast::http::token_list{message[beast::http::field::connection]}.exists("upgrade")) return false;
    if (!beast::http::token_list{message[beast::http::field::upgrade]}.exists("websocket")) return false;
    return message[beast::http::field::sec_websocket_version] == "13" &&
           ws::valid_key(view(message[beast::http::field::sec_websocket_key]));
}

Request request_of(beast::http::request<beast::http::string_body>&& message) {
    Request request;
    request.method = std::string(view(message.method_string()));
    request.target = std::string(view(message.target()));
    request.keep_alive = message.keep_alive();
    request.wants_websocket = asks_for_websocket(message);
    for (const auto& field : message)
        request.headers.emplace_back(std::string(view(field.name_string())),
                                     std::string(view(field.value())));
    request.body = std::move(message.body());
    return request;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string http_date() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

}  // namespace

struct RequestReader::Parser {
    beast::http::request_parser<beast::http::string_body> parser;
    Parser() {
        parser.eager(true);
        parser.header_limit(limits::http_header_bytes);
        parser.body_limit(limits::http_body_bytes);
    }
};

RequestReader::RequestReader() = default;
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

Result<std::optional<Request>> RequestReader::feed(std::span<const char> bytes) {
    buffer_.append(bytes.data(), bytes.size());
    if (!parser_) parser_ = std::make_unique<Parser>();
    auto& parser = parser_->parser;
    while (!buffer_.empty() && !parser.is_done()) {
        // Beast asserts that it is shown a body's shortest end whole. So many bytes are still to come anyway.
        if (parser.is_header_done() && parser.chunked() && buffer_.size() < last_chunk_bytes) break;
        beast::error_code failed;
        const std::size_t used = parser.put(boost::asio::buffer(buffer_), failed);
        buffer_.erase(0, used);
        if (used > 0) begun_ = true;
        if (failed == beast::http::error::need_more) break;
        if (failed == beast::http::error::header_limit || failed == beast::http::error::body_limit)
            return Error{Errc::too_large, failed.message()};
        if (failed) return Error{Errc::bad_frame, failed.message()};
        if (used == 0) break;
    }
    if (!parser.is_done()) {
        if (!buffer_.empty()) begun_ = true;
        return std::optional<Request>{};
    }
    auto request = request_of(parser.release());
    parser_.reset();
    begun_ = false;
    return std::optional<Request>(std::move(request));
}

std::string RequestReader::take_rest() { return std::exchange(buffer_, {}); }
bool RequestReader::in_request() const { return begun_ || !buffer_.empty(); }

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (beast::iequals(key, beast::string_view(name.data(), name.size()))) return value;
    return std::nullopt;
}

std::string_view Request::path() const {
    const std::string_view whole = target;
    return whole.substr(0, whole.find('?'));
}

std::optional<std::string> Request::query(std::string_view name) const {
    const std::string_view whole = target;
    const auto mark = whole.find('?');
    if (mark == std::string_view::npos) return std::nullopt;
    std::string_view rest = whole.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const auto equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) == name)
            return percent_decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view{});
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::nullopt;
}

bool Request::query_is_well_encoded() const {
    const auto mark = target.find('?');
    return mark == std::string::npos || percent_decode(std::string_view(target).substr(mark + 1)).has_value();
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            plain.push_back(' ');
        } else if (text[i] != '%') {
            plain.push_back(text[i]);
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            plain.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        }
    }
    return plain;
}

std::string_view reason_phrase(unsigned status) {
    return view(beast::http::obsolete_reason(beast::http::int_to_status(status)));
}

std::string serialize(const Response& response, bool keep_alive, bool head_only) {
    std::string text =
        "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason_phrase(response.status));
    text += "\r\nServer: roomcast\r\nDate: " + http_date();
    if (!response.content_type.empty()) text += "\r\nContent-Type: " + response.content_type;
    text += "\r\nContent-Length: " + std::to_string(response.body.size());
    text += "\r\nX-Content-Type-Options: nosniff";
    for (const auto& [name, value] : response.headers) text += "\r\n" + name + ": " + value;
    text += keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
    if (!head_only) text += response.body;
    return text;
}

Response error_response(const Error& error) {
    nlohmann::json body;
    body["error"]["code"] = name_of(error.code);
    body["error"]["message"] = error.detail.empty() ? std::string(text_of(error.code)) : error.detail;
    Response response;
    response.status = http_status_of(error.code);
    if (const auto wait = retry_after_ms(error)) {
        body["error"]["retry_after_ms"] = *wait;
        response.headers.emplace_back("Retry-After", std::to_string((*wait + 999) / 1000));
    }
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return response;
}

}  // namespace roomcast::net::http
