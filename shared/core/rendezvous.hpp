#pragma once

#include <cstdint>

#include "shared/core/ids.hpp"

namespace roomcast {

/// The weight of a node for a slot in rendezvous hashing: among the nodes that are there, the one with the
/// highest weight comes first. Every node computes the same order; a node that goes changes it for its own
/// slots only.
[[nodiscard]] inline std::uint64_t rendezvous_weight(const NodeId& node, Slot slot) {
    std::uint64_t hash = 14695981039346656037ULL ^ (std::uint64_t{slot.value} * 0x9E3779B97F4A7C15ULL);
    for (const char c : node.str()) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 33;
    return hash;
}

}  // namespace roomcast
