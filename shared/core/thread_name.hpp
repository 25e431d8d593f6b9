#pragma once

#include <cstddef>
#include <string_view>

namespace roomcast {

inline constexpr std::size_t thread_name_bytes = 15;  // Linux keeps no more

/// Gives the calling thread the name that `top -H`, `perf` and /proc/PID/task/TID/comm show. A longer name is
/// cut. Never for a program's first thread, whose name is the program's.
void name_this_thread(std::string_view name);

}  // namespace roomcast
