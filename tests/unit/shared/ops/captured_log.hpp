#pragma once

#include <memory>
#include <sstream>
#include <string>

#include <spdlog/sinks/ostream_sink.h>

#include "shared/ops/log.hpp"

namespace roomcast::ops {

/// A log whose lines a test can read, once no other thread writes to it.
struct CapturedLog {
    std::ostringstream lines;
    Log log;

    explicit CapturedLog(const LogSettings& settings = {})
        : log(settings, "edge-1", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)) {}

    [[nodiscard]] bool has(const std::string& piece) const {
        return lines.str().find(piece) != std::string::npos;
    }
};

}  // namespace roomcast::ops
