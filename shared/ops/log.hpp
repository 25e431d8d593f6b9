#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "shared/core/ids.hpp"
#include "shared/ops/settings.hpp"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace roomcast::ops {

inline constexpr std::size_t log_value_bytes =
    2 * 1024;  // of one value; what is longer is cut and ends in "..."

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

using LogValue = std::variant<std::string_view, std::int64_t, double, bool>;

/// A named value of a log line. It views its text, so it lives no longer than the call that logs it.
struct LogField {
    LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
    LogField(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
    LogField(std::string_view name, const std::string& text) : key(name), value(std::string_view(text)) {}
    template <class Tag>
    LogField(std::string_view name, const StringId<Tag>& id) : key(name), value(std::string_view(id.str())) {}
    LogField(std::string_view name, std::integral auto number)
        : key(name), value(static_cast<std::int64_t>(number)) {}
    LogField(std::string_view name, std::floating_point auto number)
        : key(name), value(static_cast<double>(number)) {}
    LogField(std::string_view name, bool truth) : key(name), value(truth) {}

    std::string_view key;
    LogValue value;
};

/// Writes one line for each event, in logfmt or JSON: `log.info("room_joined", {{"room", slug}, {"count",
/// 3}})` gives `ts=2026-11-21T10:00:00.123Z level=info node=edge-1 event=room_joined room=general count=3`.
///
/// Owned by main and passed down by reference; any thread may log at any time. Whatever a value holds, it
/// stays on its line (newlines and control characters are escaped). Fields named like a token, password or
/// secret are written as "[redacted]". Logging never throws and never fails the caller: a line that cannot be
/// written is lost.
class Log {
public:
    using Fields = std::initializer_list<LogField>;
    using Sink = std::shared_ptr<spdlog::sinks::sink>;

    Log(const LogSettings& settings, std::string node, Sink sink);
    Log(Log&&) noexcept;
    Log& operator=(Log&&) = delete;
    ~Log();

    [[nodiscard]] bool enabled(LogLevel level) const { return level >= level_; }

    void trace(std::string_view event, Fields fields = {}) const { log(LogLevel::trace, event, fields); }
    void debug(std::string_view event, Fields fields = {}) const { log(LogLevel::debug, event, fields); }
    void info(std::string_view event, Fields fields = {}) const { log(LogLevel::info, event, fields); }
    void warn(std::string_view event, Fields fields = {}) const { log(LogLevel::warn, event, fields); }
    void error(std::string_view event, Fields fields = {}) const { log(LogLevel::error, event, fields); }
    void log(LogLevel level, std::string_view event, Fields fields) const {
        if (enabled(level)) write(level, event, fields);
    }

private:
    void write(LogLevel level, std::string_view event, Fields fields) const noexcept;

    LogLevel level_;
    bool json_;
    std::string node_;
    std::unique_ptr<spdlog::logger> logger_;  // spdlog's part: levels filtered already, a line is whole
};

/// A log on stderr. `node`: the node's id, or the program's name where there is none.
[[nodiscard]] Log make_log(const LogSettings& settings, std::string_view node);

}  // namespace roomcast::ops
