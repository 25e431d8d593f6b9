#pragma once

#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace roomcast::bench {

/// Sockets to watch, and the wait for them. Level-triggered.
///
/// Owned by main, used on its thread. `closure` of an event is what `add` was given.
class Poller {
public:
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    void add(int fd, std::uint32_t events, void* closure);
    void change(int fd, std::uint32_t events, void* closure);
    /// Waits at most until `until_ns`, to the nanosecond.
    [[nodiscard]] std::span<const epoll_event> wait(std::int64_t until_ns);

private:
    static constexpr int at_once = 512;
    int fd_;
    epoll_event ready_[at_once];
};

}  // namespace roomcast::bench
