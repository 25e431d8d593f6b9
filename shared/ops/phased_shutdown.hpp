#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/core/limits.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::ops {

/// Takes a program down in named phases, one after the other: stop accepting, drain, flush, ...
///
/// Owned by main, used on the loop's thread. Each phase is called on the loop with `done`, which it calls
/// once it has finished, from any thread; at its deadline the next phase begins all the same, with a warning
/// in the log, and a late `done` does nothing. A phase that throws counts as finished. `done` may outlive
/// this object, but not the loop.
class PhasedShutdown {
public:
    using Clock = std::chrono::steady_clock;
    using Done = std::function<void()>;
    using Phase = std::function<void(Done done, Clock::time_point deadline)>;

    PhasedShutdown(boost::asio::io_context& loop, const Log& log);
    ~PhasedShutdown();
    PhasedShutdown(const PhasedShutdown&) = delete;
    PhasedShutdown& operator=(const PhasedShutdown&) = delete;

    /// Before `start`.
    void add(std::string name, Phase phase,
             std::chrono::milliseconds most = std::chrono::milliseconds(limits::drain_phase_ms));

    /// Begins with the first phase; `finished` is called on the loop after the last. A second call does
    /// nothing.
    void start(std::function<void()> finished);

private:
    struct Step {
        std::string name;
        Phase phase;
        std::chrono::milliseconds most;
    };
    /// What late `done`s find gone once this object is.
    struct Alive {};

    void begin();
    void end(std::size_t step, const char* outcome);
    [[nodiscard]] Done done_of(std::size_t step);

    boost::asio::io_context& loop_;
    const Log& log_;
    boost::asio::steady_timer timer_;
    std::vector<Step> steps_;
    std::function<void()> finished_;
    std::size_t current_ = 0;
    bool started_ = false;
    Clock::time_point began_;
    std::shared_ptr<Alive> alive_ = std::make_shared<Alive>();
};

}  // namespace roomcast::ops
