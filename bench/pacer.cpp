#include "bench/pacer.hpp"

#include <utility>

#include "bench/clock.hpp"

namespace roomcast::bench {

Pacer::Pacer(boost::asio::io_context& io, double rate_per_s, std::uint64_t turns, Due due)
    : timer_(io),
      interval_ns_(static_cast<double>(ns_per_s) / rate_per_s),
      turns_(turns),
      due_(std::move(due)) {}

void Pacer::start(std::int64_t first_at_ns) {
    first_at_ns_ = first_at_ns;
    wait();
}

std::int64_t Pacer::at_ns(std::uint64_t turn) const {
    return first_at_ns_ + static_cast<std::int64_t>(interval_ns_ * static_cast<double>(turn));
}

void Pacer::wait() {
    if (done()) return;
    timer_.expires_at(time_point_of(at_ns(turn_)));
    timer_.async_wait([this](boost::system::error_code ended) {
        if (ended) return;
        while (!done() && at_ns(turn_) <= now_ns()) {
            due_(turn_, at_ns(turn_));
            ++turn_;
        }
        wait();
    });
}

}  // namespace roomcast::bench
