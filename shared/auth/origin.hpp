#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::auth {

inline constexpr std::size_t origin_bytes = 512;  // a host name has at most 253

/// Decides which web pages' scripts may talk to this server, against cross-site WebSocket hijacking: a
/// browser sends the cookie along whatever page opens the socket, and names that page in `Origin`.
///
/// Owned by main; immutable, so any thread may ask. The constructor throws std::invalid_argument for an entry
/// that is not exactly `http(s)://host[:port]`; there are no wildcards. Compared are scheme, host (in any
/// case) and port (or its default).
class OriginPolicy {
public:
    explicit OriginPolicy(const std::vector<std::string>& allowed);
    /// From a comma-separated list, as settings hold it; may be empty.
    [[nodiscard]] static OriginPolicy from_list(std::string_view comma_separated);

    /// `origin`: the request's header, if it has one; without, the caller is no browser and may. `host`: its
    /// Host header. `tls`: whether the client spoke TLS, be it to us or to a proxy in front of us.
    [[nodiscard]] bool allows(std::optional<std::string_view> origin, std::string_view host, bool tls) const;

private:
    struct Origin {
        bool tls = false;
        std::string host;  // lower case
        std::uint16_t port = 0;
        bool operator==(const Origin&) const = default;
    };
    static std::optional<Origin> parse(std::string_view text);
    static std::optional<Origin> parse_host(std::string_view host_and_port, bool tls);

    std::vector<Origin> allowed_;
};

}  // namespace roomcast::auth
