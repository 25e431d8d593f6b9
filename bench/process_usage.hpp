#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace roomcast::bench {

/// What a process has used, by /proc/PID/stat.
struct ProcessUsage {
    double cpu_s = 0;  // user and system, of all its threads, in steps of 10 ms
    std::int64_t rss_kib = 0;
};

/// Zeros when there is no such process.
[[nodiscard]] ProcessUsage usage_of(pid_t pid);

/// A server process whose usage is wanted, as `NAME=PID`. Throws std::invalid_argument.
struct WatchedProcess {
    std::string name;
    pid_t pid = 0;
};
[[nodiscard]] WatchedProcess parse_watched(const std::string& text);

}  // namespace roomcast::bench
