#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "shared/core/time.hpp"
#include "shared/ops/log.hpp"

/// The text of log lines, apart from where they go: pure functions. The result has no line break and no
/// control character, and is valid UTF-8 whatever the values hold.
namespace roomcast::ops {

struct LogEvent {
    TimeMs time = 0;
    LogLevel level = LogLevel::info;
    std::string_view node;
    std::string_view event;
    std::initializer_list<LogField> fields;
};

[[nodiscard]] std::string logfmt_line(const LogEvent& event);
[[nodiscard]] std::string json_line(const LogEvent& event);

}  // namespace roomcast::ops
