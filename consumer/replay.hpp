#pragma once

#include "shared/ops/settings.hpp"

namespace roomcast::consumer {

/// The printing program, wired: one room's messages on stdout as NDJSON, as clients see them.
///
/// `run_replay` returns when the last wanted message is printed or stdout is closed (0), when that cannot be
/// (1, with a line on stderr), or after a signal: 0 when following, else 130. Throws std::runtime_error for
/// settings that cannot be right.
int run_replay(const ops::ReplaySettings& settings);

}  // namespace roomcast::consumer
