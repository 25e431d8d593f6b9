#pragma once

#include <cstddef>

namespace roomcast::net {

/// How a non-blocking step ended. `want_read` and `want_write`: try again when the socket is ready for that.
enum class IoStatus { done, want_read, want_write, closed, failed };
struct IoOutcome {
    IoStatus status = IoStatus::done;
    std::size_t bytes = 0;
};

}  // namespace roomcast::net
