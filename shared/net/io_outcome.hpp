#pragma once

#include <cerrno>
#include <cstddef>

namespace roomcast::net {

/// How a non-blocking step ended. `want_read` and `want_write`: try again when the socket is ready for that.
enum class IoStatus { done, want_read, want_write, closed, failed };
struct IoOutcome {
    IoStatus status = IoStatus::done;
    std::size_t bytes = 0;
};

/// Whether the last call on a socket only found it empty or full, or was interrupted.
inline bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace roomcast::net
