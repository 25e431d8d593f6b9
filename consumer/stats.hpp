#pragma once

#include <cstdint>

namespace roomcast::consumer {

/// What a worker counts, as plain numbers of its one thread; published to the metrics by a timer.
struct Stats {
    std::uint64_t records_read = 0;
    std::uint64_t repeats_dropped = 0;
    std::uint64_t entries_delivered = 0;  // once for each edge
    std::uint64_t history_reads = 0;
    std::uint64_t history_from_ring = 0;
    std::uint64_t subscribes = 0;
    std::uint64_t refusals = 0;
    std::uint64_t tail_restarts = 0;
    std::uint64_t rooms_lost = 0;
};

}  // namespace roomcast::consumer
