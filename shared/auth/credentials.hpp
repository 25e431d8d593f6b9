#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace roomcast::auth {

inline constexpr std::size_t cookies_most = 64;            // looked at in one header, and no more
inline constexpr std::size_t offered_protocols_most = 16;  // likewise
inline constexpr std::string_view token_cookie = "token";
inline constexpr std::string_view ws_protocol =
    "roomcast.v1";  // what the server answers with when it is offered
inline constexpr std::string_view bearer_protocol_prefix = "bearer.";

/// The request headers that may carry a token; empty where a header is absent. Repeated headers are joined by
/// the caller: `Cookie` with "; ", `Sec-WebSocket-Protocol` with ", ".
struct CredentialHeaders {
    std::string_view authorization;
    std::string_view subprotocols;
    std::string_view cookie;
};

/// A token as a client offered it, not verified. A view into the header it came in. One that came by cookie
/// is sent by browsers without being asked, so it needs the origin check.
struct OfferedToken {
    enum class Way : std::uint8_t { authorization, subprotocol, cookie };

    std::string_view token;
    Way way = Way::authorization;
};

/// The token that counts: `Authorization: Bearer x`, else the subprotocol `bearer.x`, else the cookie
/// `token`. A wrong token in an earlier place is not made good by a right one in a later place; an absent or
/// empty one is. Headers above limits::http_header_bytes count as absent.
[[nodiscard]] std::optional<OfferedToken> find_token(const CredentialHeaders& headers);

/// The value of the first cookie of that name in a `Cookie` header (RFC 6265), without the quotes around it.
[[nodiscard]] std::optional<std::string_view> cookie_value(std::string_view header, std::string_view name);

/// Whether `Sec-WebSocket-Protocol` offers this one, such as `ws_protocol`. Only that may be answered, never
/// `bearer.x`.
[[nodiscard]] bool offers_protocol(std::string_view header, std::string_view protocol);

}  // namespace roomcast::auth
