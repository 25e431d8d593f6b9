#include "bench/url.hpp"

#include <stdexcept>

namespace roomcast::bench {

Url parse_url(std::string_view text) {
    const auto bad = [text] { return std::invalid_argument("not a WebSocket URL: " + std::string(text)); };
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) throw bad();
    const auto scheme = text.substr(0, scheme_end);
    if (scheme != "wss" && scheme != "ws") throw bad();
    const auto rest = text.substr(scheme_end + 3);
    const auto slash = rest.find('/');
    const auto authority = rest.substr(0, slash);
    const auto colon = authority.rfind(':');

    Url url;
    url.tls = scheme == "wss";
    url.host = authority.substr(0, colon);
    url.port = colon == std::string_view::npos ? (url.tls ? "443" : "80") : authority.substr(colon + 1);
    url.target = slash == std::string_view::npos ? "/ws" : rest.substr(slash);
    if (url.host.empty() || url.port.empty()) throw bad();
    return url;
}

}  // namespace roomcast::bench
