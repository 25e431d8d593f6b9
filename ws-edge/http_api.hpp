#pragma once

#include "shared/auth/client_address.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/auth/origin.hpp"
#include "shared/net/http.hpp"
#include "shared/ops/readiness.hpp"
#include "shared/ops/settings.hpp"
#include "ws-edge/static_files.hpp"

namespace roomcast::edge {

/// Answers the HTTP requests that a shard can answer by itself (health, keys, the web client), and knows of
/// the others who asks. Immutable: every shard uses the one that main made. Whatever comes is answered; what
/// does not exist is `not_found`.
class HttpApi {
public:
    HttpApi(const ops::EdgeSettings& settings, const auth::OriginPolicy& origins,
            const auth::TrustedProxies& proxies, const StaticFiles& files, ops::Readiness& readiness);

    [[nodiscard]] net::http::Response answer(const net::http::Request& request,
                                             const auth::TokenAuthority& tokens) const;

    /// Whether api/ answers such a path, on the core's thread.
    [[nodiscard]] static bool is_for_core(std::string_view path);
    [[nodiscard]] static bool needs_token(const net::http::Request& request);
    [[nodiscard]] static bool offers_token(const net::http::Request& request);
    /// All that stands in Sec-WebSocket-Extensions.
    [[nodiscard]] static std::string offered_extensions(const net::http::Request& request);

    /// Whether a page of that origin may ask.
    [[nodiscard]] Result<void> allowed(const net::http::Request& request, bool tls) const;
    /// Who asks, by a token and an origin that are good, or why not.
    [[nodiscard]] Result<auth::Claims> claims_of(const net::http::Request& request,
                                                 const auth::TokenAuthority& tokens, bool tls) const;
    /// The client behind trusted proxies, and whether it spoke TLS with the first of them.
    [[nodiscard]] auth::IpAddress client_of(const auth::IpAddress& peer,
                                            const net::http::Request& request) const;
    [[nodiscard]] bool over_tls(const auth::IpAddress& peer, const net::http::Request& request,
                                bool tls) const;

private:
    [[nodiscard]] net::http::Response ready() const;

    const auth::OriginPolicy& origins_;
    const auth::TrustedProxies& proxies_;
    const StaticFiles& files_;
    ops::Readiness& readiness_;
    std::string config_json_;
};

}  // namespace roomcast::edge
