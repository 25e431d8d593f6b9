#include "shared/auth/origin.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace roomcast::auth {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// A name, an IPv4 address, or an IPv6 address in brackets; nothing that could hide user info, a path or a
/// second port.
bool host_ok(std::string_view host) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    const auto name = bracketed ? host.substr(1, host.size() - 2) : host;
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return word || c == '.' || (bracketed ? c == ':' : c == '-' || c == '_');
    });
}

}  // namespace

std::optional<OriginPolicy::Origin> OriginPolicy::parse_host(std::string_view host_and_port, bool tls) {
    if (host_and_port.size() > origin_bytes) return std::nullopt;
    Origin origin{tls, {}, static_cast<std::uint16_t>(tls ? 443 : 80)};
    auto host = host_and_port;
    const auto colon = host.rfind(':');
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
        const auto digits = host.substr(colon + 1);
        const auto* end = digits.data() + digits.size();
        const auto parsed = std::from_chars(digits.data(), end, origin.port);
        if (parsed.ec != std::errc{} || parsed.ptr != end || origin.port == 0) return std::nullopt;
        host = host.substr(0, colon);
    }
    if (!host_ok(host)) return std::nullopt;
    origin.host = lower(host);
    return origin;
}

std::optional<OriginPolicy::Origin> OriginPolicy::parse(std::string_view text) {
    if (text.size() > origin_bytes) return std::nullopt;
    const auto separator = text.find("://");
    if (separator == std::string_view::npos) return std::nullopt;
    const auto scheme = lower(text.substr(0, separator));
    if (scheme != "http" && scheme != "https") return std::nullopt;
    return parse_host(text.substr(separator + 3), scheme == "https");
}

OriginPolicy::OriginPolicy(const std::vector<std::string>& allowed) {
    for (const auto& text : allowed) {
        auto origin = parse(text);
        if (!origin) throw std::invalid_argument("not an origin such as https://chat.example:8443: " + text);
        allowed_.push_back(std::move(*origin));
    }
}

OriginPolicy OriginPolicy::from_list(std::string_view comma_separated) {
    std::vector<std::string> entries;
    while (!comma_separated.empty()) {
        const auto end = comma_separated.find(',');
        auto entry = comma_separated.substr(0, end);
        const auto first = entry.find_first_not_of(' ');
        if (first != std::string_view::npos) {
            entry = entry.substr(first, entry.find_last_not_of(' ') - first + 1);
            entries.emplace_back(entry);
        }
        comma_separated.remove_prefix(end == std::string_view::npos ? comma_separated.size() : end + 1);
    }
    return OriginPolicy(entries);
}

bool OriginPolicy::allows(std::optional<std::string_view> origin, std::string_view host, bool tls) const {
    if (!origin) return true;
    const auto from = parse(*origin);  // "null", of sandboxed frames and local files, is none
    if (!from) return false;
    if (from == parse_host(host, tls)) return true;
    return std::find(allowed_.begin(), allowed_.end(), *from) != allowed_.end();
}

}  // namespace roomcast::auth
