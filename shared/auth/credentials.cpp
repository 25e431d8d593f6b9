#include "shared/auth/credentials.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit` with each trimmed item until it answers true, for at most `most` items.
template <class Visit>
void each_item(std::string_view list, char separator, std::size_t most, Visit visit) {
    if (list.size() > limits::http_header_bytes) return;
    for (std::size_t count = 0; count < most; ++count) {
        const auto end = list.find(separator);
        if (visit(trimmed(list.substr(0, end)))) return;
        if (end == std::string_view::npos) return;
        list.remove_prefix(end + 1);
    }
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        if (c != lower[i]) return false;
    }
    return true;
}

std::string_view bearer_token(std::string_view authorization) {
    if (authorization.size() > limits::http_header_bytes) return {};
    const auto header = trimmed(authorization);
    const auto scheme_end = header.find(' ');
    if (scheme_end == std::string_view::npos || !equal_ignoring_case(header.substr(0, scheme_end), "bearer"))
        return {};
    return trimmed(header.substr(scheme_end));
}

std::string_view protocol_token(std::string_view subprotocols) {
    std::string_view token;
    each_item(subprotocols, ',', offered_protocols_most, [&](std::string_view item) {
        if (!item.starts_with(bearer_protocol_prefix)) return false;
        token = item.substr(bearer_protocol_prefix.size());
        return true;
    });
    return token;
}

}  // namespace

std::optional<std::string_view> cookie_value(std::string_view header, std::string_view name) {
    std::optional<std::string_view> found;
    each_item(header, ';', cookies_most, [&](std::string_view pair) {
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) return false;
        auto value = trimmed(pair.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        found = value;
        return true;
    });
    return found;
}

bool offers_protocol(std::string_view header, std::string_view protocol) {
    bool offered = false;
    each_item(header, ',', offered_protocols_most,
              [&](std::string_view item) { return offered = item == protocol; });
    return offered;
}

std::optional<OfferedToken> find_token(const CredentialHeaders& headers) {
    using Way = OfferedToken::Way;
    if (const auto token = bearer_token(headers.authorization); !token.empty())
        return OfferedToken{token, Way::authorization};
    if (const auto token = protocol_token(headers.subprotocols); !token.empty())
        return OfferedToken{token, Way::subprotocol};
    if (const auto token = cookie_value(headers.cookie, token_cookie); token && !token->empty())
        return OfferedToken{*token, Way::cookie};
    return std::nullopt;
}

}  // namespace roomcast::auth
