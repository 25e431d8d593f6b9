#pragma once

#include "shared/ops/settings.hpp"

namespace roomcast::producer {

/// The import program, wired: NDJSON from stdin into rooms, `{"sent":N,"acked":N,"failed":N}` on stdout at
/// the end.
///
/// `run_produce` returns when stdin has ended and everything is settled, or soon after a signal; 0 when
/// nothing failed, else 1. Throws std::runtime_error for settings that cannot be right.
int run_produce(const ops::ProduceSettings& settings);

}  // namespace roomcast::producer
