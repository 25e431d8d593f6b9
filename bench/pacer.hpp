#pragma once

#include <cstdint>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace roomcast::bench {

/// Calls at a fixed rate, whatever else happens: the open loop. After a delay all calls that are due follow
/// at once, each with the time at which it was meant.
class Pacer {
public:
    using Due = std::function<void(std::uint64_t turn, std::int64_t intended_ns)>;

    Pacer(boost::asio::io_context& io, double rate_per_s, std::uint64_t turns, Due due);
    void start(std::int64_t first_at_ns);
    [[nodiscard]] bool done() const { return turn_ == turns_; }

private:
    [[nodiscard]] std::int64_t at_ns(std::uint64_t turn) const;
    void wait();

    boost::asio::steady_timer timer_;
    double interval_ns_;
    std::uint64_t turns_;
    Due due_;
    std::int64_t first_at_ns_ = 0;
    std::uint64_t turn_ = 0;
};

}  // namespace roomcast::bench
