// The headers that carry a token. An input is up to four of them, one a line: Authorization,
// Sec-WebSocket-Protocol, Cookie, Origin.

#include <array>

#include "shared/auth/credentials.hpp"
#include "shared/auth/origin.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::auth {
namespace {

using fuzz::inside;
using fuzz::require;

bool trimmed(std::string_view text) {
    return text.empty() ||
           (text.front() != ' ' && text.front() != '\t' && text.back() != ' ' && text.back() != '\t');
}

void check_token(const CredentialHeaders& headers) {
    const auto offered = find_token(headers);
    if (!offered) return;
    using Way = OfferedToken::Way;
    require(!offered->token.empty(), "a token that is found is not empty");
    const std::string_view source = offered->way == Way::authorization ? headers.authorization
                                    : offered->way == Way::subprotocol ? headers.subprotocols
                                                                       : headers.cookie;
    require(inside(offered->token, source), "a token is part of the header it came in");
    if (offered->way == Way::cookie)
        require(!find_token({headers.authorization, headers.subprotocols, {}}), "the cookie counts last");
    if (offered->way == Way::authorization)
        require(trimmed(offered->token), "a token in Authorization has no space around it");
    const auto alone = find_token({offered->way == Way::authorization ? source : std::string_view{},
                                   offered->way == Way::subprotocol ? source : std::string_view{},
                                   offered->way == Way::cookie ? source : std::string_view{}});
    require(alone && alone->token == offered->token, "the header that counts says the same alone");
}

void check_cookie(std::string_view header) {
    const auto value = cookie_value(header, token_cookie);
    if (!value) return;
    require(inside(*value, header), "a cookie's value is part of the header");
    require(value->find(';') == std::string_view::npos, "a cookie ends at the semicolon");
    const std::string quoted = "a=b; token=\"" + std::string(*value) + '"';
    require(cookie_value(quoted, token_cookie) == value, "a cookie's value, quoted, is read again");
}

void check(fuzz::Input input) {
    const std::string text = input.rest();
    std::array<std::string_view, 4> lines;
    std::string_view rest = text;
    for (auto& line : lines) {
        line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    const CredentialHeaders headers{lines[0], lines[1], lines[2]};
    check_token(headers);
    check_cookie(headers.cookie);
    if (offers_protocol(headers.subprotocols, ws_protocol))
        require(headers.subprotocols.find(ws_protocol) != std::string_view::npos, "what is offered is there");

    static const OriginPolicy none({});
    static const OriginPolicy one({"https://chat.example.org"});
    for (const bool tls : {false, true}) {
        require(none.allows(std::nullopt, lines[0], tls), "who names no origin is no browser");
        const bool own = none.allows(lines[3], lines[0], tls);
        if (own) require(one.allows(lines[3], lines[0], tls), "one more allowed origin refuses nobody");
        if (own)
            require(lines[3].starts_with("http") || lines[3].starts_with("HTTP") ||
                        lines[3].find("://") == 4 || lines[3].find("://") == 5,
                    "an allowed origin is of http or https");
    }
}

}  // namespace
}  // namespace roomcast::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::auth::check({data, size});
    return 0;
}
