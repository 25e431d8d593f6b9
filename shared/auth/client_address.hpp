#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::auth {

/// An IPv6 address, or an IPv4 one in its mapped form (::ffff:a.b.c.d), so that either way of writing one is
/// the same.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    /// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", with or without "%zone"; no port, no brackets.
    [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
    [[nodiscard]] bool v4() const;
    [[nodiscard]] std::string str() const;
    auto operator<=>(const IpAddress&) const = default;
};

/// What limits are counted by: an IPv4 address, or the /64 of an IPv6 one, which is one customer.
struct AddressKey {
    std::uint64_t value = 0;
    auto operator<=>(const AddressKey&) const = default;
};
[[nodiscard]] AddressKey key_of(const IpAddress& address);

/// Finds out who a request comes from behind proxies that are trusted to say so.
///
/// Owned by main; immutable, so any thread may ask.
class TrustedProxies {
public:
    /// From a comma-separated list of addresses and CIDR ranges ("10.0.0.0/8, ::1"); may be empty. Throws
    /// std::invalid_argument for an entry that is none, or above limits::trusted_proxies of them.
    [[nodiscard]] static TrustedProxies from_list(std::string_view comma_separated);

    [[nodiscard]] bool trusts(const IpAddress& address) const;

    /// `peer`: the other end of the socket. `forwarded_for`: the X-Forwarded-For headers joined by ", ",
    /// empty where there is none. The peer itself unless it is trusted; else the nearest hop that is not, as
    /// far as the hops can be read. A header above limits::http_header_bytes counts as absent.
    [[nodiscard]] IpAddress client_of(const IpAddress& peer, std::string_view forwarded_for) const;

private:
    struct Range {
        IpAddress base;
        unsigned bits = 128;  // of the mapped form
    };
    static std::optional<Range> parse_range(std::string_view text);

    std::vector<Range> ranges_;
};

}  // namespace roomcast::auth

template <>
struct std::hash<roomcast::auth::AddressKey> {
    std::size_t operator()(const roomcast::auth::AddressKey& key) const noexcept {
        return static_cast<std::size_t>((key.value ^ (key.value >> 29)) * 0x9E3779B97F4A7C15ULL);
    }
};
