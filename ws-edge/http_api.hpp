#pragma once

#include "shared/auth/jwt.hpp"
#include "shared/auth/origin.hpp"
#include "shared/net/http.hpp"
#include "shared/ops/readiness.hpp"
#include "ws-edge/static_files.hpp"

namespace roomcast::edge {

/// Answers the HTTP requests that need no room: guests, health, the web client. Immutable: every shard uses
/// the one that main made. Whatever comes is answered; what does not exist is `not_found`.
class HttpApi {
public:
    HttpApi(const auth::TokenAuthority& tokens, const auth::OriginPolicy& origins, const StaticFiles& files,
            ops::Readiness& readiness, std::int64_t token_ttl_s)
        : tokens_(tokens),
          origins_(origins),
          files_(files),
          readiness_(readiness),
          token_ttl_s_(token_ttl_s) {}

    [[nodiscard]] net::http::Response answer(const net::http::Request& request, bool tls) const;
    /// Who asks to open a WebSocket, or why not.
    [[nodiscard]] Result<auth::Claims> authorize(const net::http::Request& request, bool tls) const;

private:
    [[nodiscard]] net::http::Response guest(const net::http::Request& request, bool tls) const;
    [[nodiscard]] net::http::Response me(const net::http::Request& request, bool tls) const;
    [[nodiscard]] net::http::Response ready() const;
    [[nodiscard]] net::http::Response page(const net::http::Request& request) const;

    const auth::TokenAuthority& tokens_;
    const auth::OriginPolicy& origins_;
    const StaticFiles& files_;
    ops::Readiness& readiness_;
    std::int64_t token_ttl_s_;
};

}  // namespace roomcast::edge
