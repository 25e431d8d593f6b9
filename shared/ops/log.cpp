#include "shared/ops/log.hpp"

#include <stdexcept>
#include <utility>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "shared/core/time.hpp"
#include "shared/ops/log_line.hpp"

namespace roomcast::ops {
namespace {

LogLevel level_of(std::string_view name) {
    if (name == "trace") return LogLevel::trace;
    if (name == "debug") return LogLevel::debug;
    if (name == "info") return LogLevel::info;
    if (name == "warn") return LogLevel::warn;
    if (name == "error") return LogLevel::error;
    throw std::invalid_argument("there is no log level " + std::string(name));
}

}  // namespace

Log::Log(const LogSettings& settings, std::string node, Sink sink)
    : level_(level_of(settings.level)),
      json_(settings.format == "json"),
      node_(std::move(node)),
      logger_(std::make_unique<spdlog::logger>("roomcast", std::move(sink))) {
    logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger_->set_level(spdlog::level::trace);
}

Log::Log(Log&&) noexcept = default;
Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, Fields fields) const noexcept {
    try {
        const LogEvent what{now_ms(), level, node_, event, fields};
        const std::string line = json_ ? json_line(what) : logfmt_line(what);
        logger_->log(spdlog::level::info, spdlog::string_view_t(line));
    } catch (...) {  // out of memory: the caller has better things to do
        return;
    }
}

Log make_log(const LogSettings& settings, std::string_view node) {
    return Log(settings, std::string(node), std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

}  // namespace roomcast::ops
