#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace roomcast::ops {

/// Turns signals into calls on an event loop: SIGTERM and SIGINT ask to stop, SIGHUP to reload. SIGPIPE is
/// ignored.
///
/// Owned by main, one per process; both callbacks run on the loop, and none after the destructor or `disarm`.
/// The first SIGTERM or SIGINT calls `on_stop`; a SIGINT after it ends the process at once with code 130,
/// even when the loop is stuck, and a further SIGTERM does nothing. While armed it keeps the loop's `run`
/// from returning: call `disarm` (on the loop) when the shutdown is done.
class Signals {
public:
    struct Callbacks {
        std::function<void(int signal)> on_stop;
        std::function<void()> on_reload;
    };

    Signals(boost::asio::io_context& loop, Callbacks callbacks);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void disarm();

private:
    void wait_for_stop();
    void wait_for_reload();

    std::shared_ptr<Callbacks> callbacks_;  // gone once disarmed, which calls that are on their way then see
    boost::asio::signal_set stop_;
    boost::asio::signal_set reload_;
};

}  // namespace roomcast::ops
