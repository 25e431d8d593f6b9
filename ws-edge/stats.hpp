#pragma once

#include <cstdint>

#include "shared/ops/metrics.hpp"

namespace roomcast::edge {

/// What one shard counts, as plain numbers of its thread; a copy is taken now and then for the metrics.
struct ShardStats {
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t handshakes_failed = 0;
    std::uint64_t http_requests = 0;
    std::uint64_t frames_in = 0;
    std::uint64_t frames_bad = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t ephemeral = 0;
    std::uint64_t joins = 0;
    std::uint64_t joins_refused = 0;
    std::uint64_t rate_limited = 0;
    std::uint64_t resumes = 0;
    std::uint64_t resumes_failed = 0;
    std::uint64_t lagged = 0;
    std::uint64_t closed_slow = 0;
    std::uint64_t closed_silent = 0;
    // Of now.
    std::uint64_t connections = 0;
    std::uint64_t sessions = 0;
    std::uint64_t rooms = 0;
};

}  // namespace roomcast::edge
