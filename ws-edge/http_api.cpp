#include "ws-edge/http_api.hpp"

#include <nlohmann/json.hpp>

#include "shared/auth/credentials.hpp"
#include "shared/core/time.hpp"

namespace roomcast::edge {
namespace {

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

std::string joined_header(const Request& request, std::string_view name, std::string_view separator) {
    std::string joined;
    for (const auto& [key, value] : request.headers) {
        if (key.size() != name.size() ||
            !std::equal(key.begin(), key.end(), name.begin(),
                        [](char a, char b) { return std::tolower(a) == std::tolower(b); }))
            continue;
        if (!joined.empty()) joined += separator;
        joined += value;
    }
    return joined;
}

Response not_with_that_method(std::string_view allowed) {
    Response response = net::http::error_response(Error{Errc::method_not_allowed, {}});
    response.headers.emplace_back("Allow", std::string(allowed));
    return response;
}

}  // namespace

Response HttpApi::answer(const Request& request, bool tls) const {
    const std::string_view path = request.path();
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (path == "/healthz")
        return reads ? json_response(200, {{"status", "ok"}}) : not_with_that_method("GET, HEAD");
    if (path == "/readyz") return reads ? ready() : not_with_that_method("GET, HEAD");
    if (path == "/me") return reads ? me(request, tls) : not_with_that_method("GET, HEAD");
    if (path == "/guest")
        return request.method == "POST" ? guest(request, tls) : not_with_that_method("POST");
    if (path == "/ws") {
        if (request.method != "GET") return not_with_that_method("GET");
        if (request.header("upgrade") &&
            request.header("sec-websocket-version") == std::optional<std::string_view>("13"))
            return net::http::error_response(Error{Errc::bad_frame, "the WebSocket upgrade is malformed"});
        Response response = net::http::error_response(
            Error{Errc::bad_frame, "this is for WebSockets (RFC 6455, version 13)"});
        response.status = 426;
        response.headers.emplace_back("Upgrade", "websocket");
        response.headers.emplace_back("Sec-WebSocket-Version", "13");
        return response;
    }
    if (!reads)
        return net::http::error_response(
            Error{files_.find(path) ? Errc::method_not_allowed : Errc::not_found, {}});
    return page(request);
}

Response HttpApi::ready() const {
    const auto missing = readiness_.missing();
    return json_response(missing.empty() ? 200 : 503, {{"ready", missing.empty()}, {"missing", missing}});
}

Response HttpApi::guest(const Request& request, bool tls) const {
    const auto host = request.header("host").value_or("");
    if (!origins_.allows(request.header("origin"), host, tls))
        return net::http::error_response(Error{Errc::forbidden, "that origin may not"});
    const json body = json::parse(request.body, nullptr, false);
    if (!body.is_object() || !body.contains("nick") || !body["nick"].is_string())
        return net::http::error_response(Error{Errc::bad_frame, R"(the body is {"nick":"..."})"});
    const auto nick = UserName::parse(body["nick"].get<std::string>());
    if (!nick) return net::http::error_response(Error{Errc::bad_nick, {}});
    const std::int64_t now_s = now_ms() / 1000;
    const std::string token =
        tokens_.issue(auth::Claims{*nick, true, now_s, now_s + token_ttl_s_, make_session_id().str()});
    Response response = json_response(200, {{"token", token}, {"user", nick->str()}, {"guest", true}});
    response.headers.emplace_back("Set-Cookie", "token=" + token + "; Path=/; HttpOnly; " +
                                                    (tls ? "Secure; " : "") +
                                                    "SameSite=Lax; Max-Age=" + std::to_string(token_ttl_s_));
    return response;
}

Result<auth::Claims> HttpApi::authorize(const Request& request, bool tls) const {
    const std::string authorization(request.header("authorization").value_or(""));
    const std::string protocols = joined_header(request, "sec-websocket-protocol", ", ");
    const std::string cookies = joined_header(request, "cookie", "; ");
    if (!origins_.allows(request.header("origin"), request.header("host").value_or(""), tls))
        return Error{Errc::forbidden, "that origin may not"};
    const auto offered = auth::find_token({authorization, protocols, cookies});
    if (!offered) return Error{Errc::bad_token, "no token came with the request"};
    return tokens_.verify(offered->token, now_ms() / 1000);
}

Response HttpApi::me(const Request& request, bool tls) const {
    const auto claims = authorize(request, tls);
    if (!claims) return net::http::error_response(claims.error());
    return json_response(200, {{"user", claims->user.str()},
                               {"guest", claims->guest},
                               {"expires", format_rfc3339(claims->expires_at_s * 1000)}});
}

Response HttpApi::page(const Request& request) const {
    const StaticFiles::File* const file = files_.find(request.path());
    if (file == nullptr) return net::http::error_response(Error{Errc::not_found, {}});
    Response response;
    response.content_type = file->content_type;
    response.headers = {
        {"ETag", file->etag},
        {"Cache-Control", "no-cache"},
        {"Content-Security-Policy",
         "default-src 'self'; connect-src 'self' wss: ws:; frame-ancestors 'none'; base-uri 'none'; "
         "form-action 'self'"},
        {"Referrer-Policy", "no-referrer"}};
    if (request.header("if-none-match") == std::optional<std::string_view>(file->etag)) {
        response.status = 304;
        response.content_type.clear();
        return response;
    }
    response.body = file->body;
    return response;
}

}  // namespace roomcast::edge
