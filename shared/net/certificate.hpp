#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace roomcast::net {

/// The gauge that shows it, with the label `certificate`: server or link.
inline constexpr auto expiry_metric = "roomcast_certificate_expiry_timestamp_seconds";
inline constexpr auto expiry_help = "When the certificate in use runs out, in seconds since 1970";

/// When the first certificate of a PEM file runs out, in seconds since 1970; none where that cannot be read.
[[nodiscard]] std::optional<std::int64_t> certificate_expiry_s(const std::string& file);

}  // namespace roomcast::net
