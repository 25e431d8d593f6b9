#pragma once

#include <cstdint>
#include <ostream>
#include <string>

namespace roomcast::ops {

inline constexpr int health_check_deadline_ms = 3'000;  // less than what a container's health check gives

/// Asks `/readyz` of the OpsServer that another process of this machine runs, for where there is no shell and
/// no curl to do it: 0 when it is ready, else 1. What it answered, or why it did not, goes to `out` as one
/// line. `address` is what the server listens on; of all addresses it is asked by the local one. Blocks for
/// the deadline at most.
[[nodiscard]] int check_health(const std::string& address, std::uint16_t port, std::ostream& out);

}  // namespace roomcast::ops
