#pragma once

#include <memory>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/tail_pool.hpp"

namespace roomcast::channel::kafka {

/// Starts reading a room's topic at `from`, on one of the pool's fetchers.
///
/// The Tail belongs to the caller, on the pool's thread. Outages are waited out; a topic that is gone ends it
/// with `room_gone` within some seconds, a start outside the log with `not_found`, a lack of rights with
/// `unavailable`.
[[nodiscard]] std::unique_ptr<Tail> start_tail(std::shared_ptr<TailPool> pool, const LogId& log, Seq from,
                                               TailSink& sink);

}  // namespace roomcast::channel::kafka
