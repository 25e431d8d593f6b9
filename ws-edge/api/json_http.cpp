#include "ws-edge/api/json_http.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::edge {
using net::http::Request;
using net::http::Response;
using nlohmann::json;

Response json_response(unsigned status, const json& body) {
    Response response;
    response.status = status;
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = body.dump();
    return response;
}

Response empty_response() {
    Response response;
    response.status = 204;
    response.content_type.clear();
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

Response not_with_that_method(std::string_view allowed) {
    Response response = net::http::error_response(Error{Errc::method_not_allowed, {}});
    response.headers.emplace_back("Allow", std::string(allowed));
    return response;
}

Result<json> json_body(const Request& request) {
    if (request.body.empty()) return json::object();
    bool too_deep = false;
    json body = json::parse(
        request.body.begin(), request.body.end(),
        [&](int depth, json::parse_event_t, json&) {
            if (static_cast<std::size_t>(depth) <= limits::json_depth) return true;
            too_deep = true;
            return false;
        },
        false);
    if (too_deep) return Error{Errc::bad_frame, "the body nests too deeply"};
    if (!body.is_object()) return Error{Errc::bad_frame, "the body is not a JSON object"};
    return body;
}

Result<std::string> text_field(const json& body, const char* name) {
    const auto found = body.find(name);
    if (found == body.end()) return Error{Errc::bad_frame, std::string("\"") + name + "\" is missing"};
    if (!found->is_string()) return Error{Errc::bad_frame, std::string("\"") + name + "\" is not a string"};
    return found->get<std::string>();
}

Result<std::optional<std::int64_t>> number_in_query(const Request& request, std::string_view name) {
    const auto text = request.query(name);
    if (!text) return std::optional<std::int64_t>{};
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (failed != std::errc() || end != text->data() + text->size())
        return Error{Errc::bad_frame, std::string(name) + " is not a whole number"};
    return std::optional<std::int64_t>{value};
}

}  // namespace roomcast::edge
