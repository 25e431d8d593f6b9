#include "shared/ops/phased_shutdown.hpp"

#include <exception>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>

namespace roomcast::ops {

PhasedShutdown::PhasedShutdown(boost::asio::io_context& loop, const Log& log)
    : loop_(loop), log_(log), timer_(loop) {}

PhasedShutdown::~PhasedShutdown() = default;

void PhasedShutdown::add(std::string name, Phase phase, std::chrono::milliseconds most) {
    steps_.push_back({std::move(name), std::move(phase), most});
}

void PhasedShutdown::start(std::function<void()> finished) {
    if (std::exchange(started_, true)) return;
    finished_ = std::move(finished);
    boost::asio::post(loop_, [this, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) begin();
    });
}

void PhasedShutdown::begin() {
    if (current_ == steps_.size()) return std::exchange(finished_, nullptr)();  // which may destroy us
    const Step& step = steps_[current_];
    began_ = Clock::now();
    timer_.expires_at(began_ + step.most);
    timer_.async_wait(
        [this, index = current_, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
            if (!cancelled && !alive.expired()) end(index, "deadline");
        });
    try {
        step.phase(done_of(current_), timer_.expiry());
    } catch (const std::exception& failure) {
        log_.error("shutdown_phase_failed", {{"name", step.name}, {"why", failure.what()}});
        done_of(current_)();
    }
}

PhasedShutdown::Done PhasedShutdown::done_of(std::size_t step) {
    return [&loop = loop_, this, step, alive = std::weak_ptr(alive_)] {
        boost::asio::post(loop, [this, step, alive] {
            if (!alive.expired()) end(step, "done");
        });
    };
}

void PhasedShutdown::end(std::size_t step, const char* outcome) {
    if (step != current_) return;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
    const auto level = std::string_view(outcome) == "done" ? LogLevel::info : LogLevel::warn;
    log_.log(level, "shutdown_phase",
             {{"name", steps_[step].name}, {"took_ms", took.count()}, {"outcome", outcome}});
    ++current_;
    timer_.cancel();
    begin();
}

}  // namespace roomcast::ops
