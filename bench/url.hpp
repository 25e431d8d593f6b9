#pragma once

#include <string>
#include <string_view>

namespace roomcast::bench {

/// Where a WebSocket server is.
struct Url {
    bool tls = true;
    std::string host;
    std::string port;
    std::string target;  // path and query

    [[nodiscard]] std::string authority() const { return host + ":" + port; }
};

/// Takes `wss://host[:port][/path]` (or ws://) apart; without a path it is /ws. Throws std::invalid_argument.
[[nodiscard]] Url parse_url(std::string_view text);

}  // namespace roomcast::bench
