#pragma once

#include <memory>

#include "producer/publisher.hpp"
#include "shared/net/connection.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/settings.hpp"
#include "ws-edge/core.hpp"
#include "ws-edge/workers.hpp"

namespace roomcast::edge {

/// Where an edge's messages go to and come from: Kafka and workers elsewhere, or an embedded log and a worker
/// in this process. Lives on the core's thread. Made at start-up (throws), outlived by nothing that uses it.
class Backend {
public:
    virtual ~Backend() = default;
    [[nodiscard]] virtual Workers& workers() = 0;
    [[nodiscard]] virtual producer::Publisher& publisher() = 0;
    /// What all edges know of tokens: see TokenLog.
    [[nodiscard]] virtual channel::TableLog& tokens_table() = 0;
    /// Whether clients can be served now; and how many workers are linked.
    [[nodiscard]] virtual bool ready() const = 0;
    [[nodiscard]] virtual std::size_t workers_linked() const = 0;
};

[[nodiscard]] std::unique_ptr<Backend> make_local_backend(net::Loop& loop, const ops::EdgeSettings& settings,
                                                          Core& core, ops::Log& log);
[[nodiscard]] std::unique_ptr<Backend> make_cluster_backend(net::Loop& loop,
                                                            const ops::EdgeSettings& settings, Core& core,
                                                            ops::Log& log);

}  // namespace roomcast::edge
