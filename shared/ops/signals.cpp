#include "shared/ops/signals.hpp"

#include <csignal>
#include <memory>
#include <unistd.h>
#include <utility>

namespace roomcast::ops {
namespace {

constexpr int exit_code_interrupted = 130;

extern "C" void exit_at_once(int) { ::_exit(exit_code_interrupted); }

}  // namespace

Signals::Signals(boost::asio::io_context& loop, Callbacks callbacks)
    : callbacks_(std::make_shared<Callbacks>(std::move(callbacks))),
      stop_(loop, SIGTERM, SIGINT),
      reload_(loop, SIGHUP) {
    std::signal(SIGPIPE, SIG_IGN);
    wait_for_stop();
    wait_for_reload();
}

Signals::~Signals() { disarm(); }

void Signals::disarm() {
    callbacks_.reset();
    boost::system::error_code ignored;
    for (auto* signals : {&stop_, &reload_}) {
        signals->cancel(ignored);  // clear() alone leaves the wait pending
        signals->clear(ignored);
    }
}

void Signals::wait_for_stop() {
    stop_.async_wait(
        [this, armed = std::weak_ptr(callbacks_)](const boost::system::error_code& failed, int signal) {
            const auto callbacks = armed.lock();
            if (failed || !callbacks) return;
            // From here on without the loop, which a shutdown may have stuck. Asio gives the signals back
            // first.
            boost::system::error_code ignored;
            stop_.clear(ignored);
            std::signal(SIGTERM, SIG_IGN);  // asked once is enough: who insists has SIGINT and SIGKILL
            std::signal(SIGINT, exit_at_once);
            callbacks->on_stop(signal);
        });
}

void Signals::wait_for_reload() {
    reload_.async_wait(
        [this, armed = std::weak_ptr(callbacks_)](const boost::system::error_code& failed, int) {
            const auto callbacks = armed.lock();
            if (failed || !callbacks) return;
            wait_for_reload();
            callbacks->on_reload();
        });
}

}  // namespace roomcast::ops
