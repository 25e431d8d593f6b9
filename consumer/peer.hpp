#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/wire/link_messages.hpp"

namespace roomcast::consumer {

/// Numbers the edges that a worker has met; never used again.
struct PeerId {
    std::uint64_t value = 0;
    auto operator<=>(const PeerId&) const = default;
};

/// An edge as the read path sees it: somewhere to send events, in order.
///
/// Owned by its link (a socket, or local mode's in-process link), used on the consumer's thread. What
/// `deliver` is given in one turn leaves as one Messages event at the turn's end, or before the next `send`.
class Peer {
public:
    virtual void send(link::Event event) = 0;
    virtual void deliver(link::SubId sub, std::span<const link::Entry> entries) = 0;
    /// Bytes on their way to this edge: readers of old messages wait while there are many.
    [[nodiscard]] virtual std::size_t owed_bytes() const = 0;

protected:
    ~Peer() = default;
};

}  // namespace roomcast::consumer
