#pragma once

#include <optional>

#include "shared/core/ids.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::edge {

/// Hears from the workers that this edge is linked with.
class WorkersListener {
public:
    virtual void on_worker_event(const NodeId& worker, link::Event event) = 0;
    /// The link is gone, and with it every subscription and question there.
    virtual void on_worker_lost(const NodeId& worker) = 0;
    /// `route` may answer otherwise than before.
    virtual void on_routes_changed() = 0;

protected:
    ~WorkersListener() = default;
};

/// The workers in reach: cluster_workers.hpp over links of TLS, local_workers.hpp in this process.
/// Lives on the core's thread; calls its listener there, never from inside a call to it.
class Workers {
public:
    virtual ~Workers() = default;
    /// The worker to ask about a slot now; none while no worker can be reached.
    [[nodiscard]] virtual std::optional<NodeId> route(Slot slot) const = 0;
    /// Ignored when that worker's link is gone; on_worker_lost tells, or has told.
    virtual void send(const NodeId& worker, link::Request request) = 0;
    [[nodiscard]] virtual bool any() const = 0;
};

}  // namespace roomcast::edge
