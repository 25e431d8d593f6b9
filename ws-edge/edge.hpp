#pragma once

#include "shared/ops/settings.hpp"

namespace roomcast::edge {

/// The edge program, wired: core thread, shards, log and workers, in a cluster or local.
///
/// `run_edge` returns after a signal, when the drain is done, with the process's exit code. Throws at
/// start-up.
int run_edge(const ops::EdgeSettings& settings);

}  // namespace roomcast::edge
