#include "bench/crowd/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <unistd.h>

#include "bench/clock.hpp"

namespace roomcast::bench {
namespace {

void require(int result) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), "epoll");
}

}  // namespace

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) { require(fd_); }
Poller::~Poller() { ::close(fd_); }

void Poller::add(int fd, std::uint32_t events, void* closure) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = closure;
    require(::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event));
}

void Poller::change(int fd, std::uint32_t events, void* closure) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = closure;
    require(::epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event));
}

std::span<const epoll_event> Poller::wait(std::int64_t until_ns) {
    const std::int64_t left = std::max<std::int64_t>(0, until_ns - now_ns());
    const timespec timeout{left / ns_per_s, left % ns_per_s};
    const int count = ::epoll_pwait2(fd_, ready_, at_once, &timeout, nullptr);
    if (count < 0 && errno != EINTR) require(count);
    return {ready_, static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace roomcast::bench
