#pragma once

#include <functional>
#include <memory>

#include "shared/ops/settings.hpp"

namespace roomcast::consumer {

/// The worker program, wired: everything that `roomcast-worker` is made of, on one thread.
///
/// `run` returns after a signal, when the drain is done, with the process's exit code. Throws at start-up.
int run_worker(const ops::WorkerSettings& settings);

}  // namespace roomcast::consumer
