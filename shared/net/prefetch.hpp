#pragma once

#include <cstddef>

namespace roomcast::net {

inline constexpr std::size_t cache_line_bytes = 64;

/// Has so many cache lines fetched that will be read soon. Any address will do.
template <std::size_t lines>
void prefetch_lines(const void* from) {
    for (std::size_t i = 0; i < lines; ++i)
        __builtin_prefetch(static_cast<const char*>(from) + i * cache_line_bytes);
}

}  // namespace roomcast::net
