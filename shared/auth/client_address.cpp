#include "shared/auth/client_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <stdexcept>

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

constexpr std::size_t mapped_bytes = 12;  // ::ffff:0:0/96
constexpr std::array<std::uint8_t, mapped_bytes> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::string_view white = " \t";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

bool digits(std::string_view text, std::size_t most) {
    return !text.empty() && text.size() <= most &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// One entry of X-Forwarded-For: an address, as some proxies write it with brackets and port.
std::optional<IpAddress> parse_hop(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const auto port = text.substr(end + 1);
        if (!port.empty() && (port.front() != ':' || !digits(port.substr(1), 5))) return std::nullopt;
        const auto address = IpAddress::parse(text.substr(1, end - 1));
        return address && text.find(':') < end ? address : std::nullopt;
    }
    const auto colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        if (!digits(text.substr(colon + 1), 5)) return std::nullopt;
        text = text.substr(0, colon);
    }
    return IpAddress::parse(text);
}

bool same_start(const IpAddress& left, const IpAddress& right, unsigned bits) {
    for (std::size_t i = 0; bits > 0; ++i) {
        const unsigned count = std::min(bits, 8U);
        const unsigned mask = 0xFF00U >> count & 0xFFU;
        if ((left.bytes.at(i) & mask) != (right.bytes.at(i) & mask)) return false;
        bits -= count;
    }
    return true;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (const auto zone = text.find('%'); zone != std::string_view::npos) text = text.substr(0, zone);
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    const std::string terminated(text);
    IpAddress address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + mapped_bytes) == 1) return address;
    return std::nullopt;
}

bool IpAddress::v4() const { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin()); }

std::string IpAddress::str() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool short_form = v4();
    const void* from = bytes.data() + (short_form ? mapped_bytes : 0);
    if (inet_ntop(short_form ? AF_INET : AF_INET6, from, text.data(), text.size()) == nullptr) return {};
    return text.data();
}

AddressKey key_of(const IpAddress& address) {
    // The half that tells customers apart. That of an IPv4 address cannot be an IPv6 network: 0::/8 is
    // reserved.
    const std::size_t from = address.v4() ? 8 : 0;
    AddressKey key;
    for (std::size_t i = from; i < from + 8; ++i) key.value = key.value << 8 | address.bytes.at(i);
    return key;
}

std::optional<TrustedProxies::Range> TrustedProxies::parse_range(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = IpAddress::parse(text.substr(0, slash));
    if (!base) return std::nullopt;
    Range range{*base, 128};
    if (slash == std::string_view::npos) return range;
    const bool v4_form = text.substr(0, slash).find(':') == std::string_view::npos;
    const auto length = text.substr(slash + 1);
    if (!digits(length, 3)) return std::nullopt;
    std::from_chars(length.data(), length.data() + length.size(), range.bits);
    if (range.bits > (v4_form ? 32U : 128U)) return std::nullopt;
    if (v4_form) range.bits += 96;
    return range;
}

TrustedProxies TrustedProxies::from_list(std::string_view comma_separated) {
    TrustedProxies proxies;
    while (!comma_separated.empty()) {
        const auto end = comma_separated.find(',');
        const auto entry = trimmed(comma_separated.substr(0, end));
        comma_separated.remove_prefix(end == std::string_view::npos ? comma_separated.size() : end + 1);
        if (entry.empty()) continue;
        const auto range = parse_range(entry);
        if (!range)
            throw std::invalid_argument("not an address or a range such as 10.0.0.0/8: " +
                                        std::string(entry));
        if (proxies.ranges_.size() >= limits::trusted_proxies)
            throw std::invalid_argument("more than " + std::to_string(limits::trusted_proxies) +
                                        " trusted proxies");
        proxies.ranges_.push_back(*range);
    }
    return proxies;
}

bool TrustedProxies::trusts(const IpAddress& address) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](const Range& range) { return same_start(address, range.base, range.bits); });
}

IpAddress TrustedProxies::client_of(const IpAddress& peer, std::string_view forwarded_for) const {
    IpAddress client = peer;
    if (forwarded_for.size() > limits::http_header_bytes) return client;
    // Each proxy appends who it was called by, so what a trusted one wrote stands on the right.
    while (!forwarded_for.empty() && trusts(client)) {
        const auto comma = forwarded_for.rfind(',');
        const auto start = comma == std::string_view::npos ? 0 : comma + 1;
        const auto hop = parse_hop(trimmed(forwarded_for.substr(start)));
        if (!hop) break;
        client = *hop;
        forwarded_for = forwarded_for.substr(0, comma == std::string_view::npos ? 0 : comma);
    }
    return client;
}

}  // namespace roomcast::auth
