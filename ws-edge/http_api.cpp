#include "ws-edge/http_api.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "shared/auth/credentials.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"
#include "ws-edge/api/json_http.hpp"

namespace roomcast::edge {
namespace {

using net::http::Request;
using net::http::Response;
using nlohmann::json;

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

struct TokenHeaders {
    std::string authorization;
    std::string protocols;
    std::string cookies;

    explicit TokenHeaders(const Request& request)
        : authorization(request.header("authorization").value_or("")),
          protocols(joined_header(request, "sec-websocket-protocol", ", ")),
          cookies(joined_header(request, "cookie", "; ")) {}
    [[nodiscard]] std::optional<auth::OfferedToken> find() const {
        return auth::find_token({authorization, protocols, cookies});
    }
};

/// What the web client is told of this server.
std::string config_of(const ops::EdgeSettings& settings) {
    json ice = json::array();
    std::string_view rest = settings.ice_servers;
    while (!rest.empty()) {
        const auto end = rest.find(',');
        if (const auto url = rest.substr(0, end); !url.empty()) ice.push_back({{"urls", url}});
        rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    }
    return json{{"guests", settings.guests},
                {"registration", settings.registration},
                {"rooms_by_join", settings.rooms_by_join},
                {"guests_create", settings.guests_create},
                {"ice_servers", ice},
                {"limits",
                 {{"text_bytes", limits::message_text_bytes},
                  {"rooms", limits::rooms_per_session},
                  {"title_bytes", limits::room_title_bytes},
                  {"password_bytes", limits::password_bytes}}}}
        .dump();
}

}  // namespace

HttpApi::HttpApi(const ops::EdgeSettings& settings, const auth::OriginPolicy& origins,
                 const auth::TrustedProxies& proxies, const StaticFiles& files, ops::Readiness& readiness)
    : origins_(origins),
      proxies_(proxies),
      files_(files),
      readiness_(readiness),
      config_json_(config_of(settings)) {}

bool HttpApi::is_for_core(std::string_view path) {
    static constexpr std::array<std::string_view, 9> exact{
        "/register", "/login", "/logout", "/guest", "/me", "/me/password", "/refresh", "/ticket", "/rooms"};
    return std::find(exact.begin(), exact.end(), path) != exact.end() || path.starts_with("/rooms/");
}

bool HttpApi::needs_token(const Request& request) {
    const auto path = request.path();
    return path != "/register" && path != "/login" && path != "/guest";
}

bool HttpApi::offers_token(const Request& request) { return TokenHeaders(request).find().has_value(); }

std::string HttpApi::offered_extensions(const Request& request) {
    return joined_header(request, "sec-websocket-extensions", ", ");
}

Result<void> HttpApi::allowed(const Request& request, bool tls) const {
    if (origins_.allows(request.header("origin"), request.header("host").value_or(""), tls)) return {};
    return Error{Errc::forbidden, "that origin may not"};
}

Result<auth::Claims> HttpApi::claims_of(const Request& request, const auth::TokenAuthority& tokens,
                                        bool tls) const {
    if (const auto may = allowed(request, tls); !may) return may.error();
    const TokenHeaders headers(request);
    const auto offered = headers.find();
    if (!offered) return Error{Errc::bad_token, "no token came with the request"};
    return tokens.verify(offered->token, now_ms() / 1000);
}

auth::IpAddress HttpApi::client_of(const auth::IpAddress& peer, const Request& request) const {
    return proxies_.client_of(peer, joined_header(request, "x-forwarded-for", ", "));
}

bool HttpApi::over_tls(const auth::IpAddress& peer, const Request& request, bool tls) const {
    if (!proxies_.trusts(peer)) return tls;
    const auto proto = request.header("x-forwarded-proto");
    return proto ? *proto == "https" : tls;
}

Response HttpApi::answer(const Request& request, const auth::TokenAuthority& tokens) const {
    const std::string_view path = request.path();
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (path == "/healthz")
        return reads ? json_response(200, {{"status", "ok"}}) : not_with_that_method("GET, HEAD");
    if (path == "/readyz") return reads ? ready() : not_with_that_method("GET, HEAD");
    if (path == "/config" || path == "/.well-known/jwks.json") {
        if (!reads) return not_with_that_method("GET, HEAD");
        Response response;
        response.headers.emplace_back("Cache-Control", "max-age=60");
        response.body = path == "/config" ? config_json_ : tokens.jwks_json();
        return response;
    }
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
        return files_.find(path) != nullptr ? not_with_that_method("GET, HEAD")
                                            : net::http::error_response(Error{Errc::not_found, {}});
    return files_.answer(request);
}

Response HttpApi::ready() const {
    const auto missing = readiness_.missing();
    return json_response(missing.empty() ? 200 : 503, {{"ready", missing.empty()}, {"missing", missing}});
}

}  // namespace roomcast::edge
