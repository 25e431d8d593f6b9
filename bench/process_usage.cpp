#include "bench/process_usage.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace roomcast::bench {

ProcessUsage usage_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return {};
    // Behind the name in parentheses, which may hold anything: state is field 3, utime 14, stime 15, rss 24.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t user = 0;
    std::int64_t system = 0;
    fields >> user >> system;
    for (int field = 16; field < 24; ++field) fields >> skipped;
    std::int64_t rss_pages = 0;
    fields >> rss_pages;
    return {static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)),
            rss_pages * (::sysconf(_SC_PAGESIZE) / 1024)};
}

WatchedProcess parse_watched(const std::string& text) {
    const auto equals = text.find('=');
    try {
        if (equals != std::string::npos && equals > 0)
            return {text.substr(0, equals), static_cast<pid_t>(std::stol(text.substr(equals + 1)))};
    } catch (const std::logic_error&) {
        // told below
    }
    throw std::invalid_argument("not NAME=PID: " + text);
}

}  // namespace roomcast::bench
