#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/fetcher.hpp"

namespace roomcast::channel::kafka {

/// Ends parked fetches. librdkafka has one fetch in flight per broker; one that finds nothing is parked at
/// the broker, and a partition assigned meanwhile waits for it. So a fetcher reads, of the wake topic, one
/// partition at every broker, and a record put into these ends the waiting at once.
///
/// Owned by TailPool, on its thread. Best effort: without it everything still comes, up to 2 s
/// later.
class Waker {
public:
    Waker(boost::asio::io_context& io, const KafkaConfig& config);
    ~Waker();

    /// Wakes those who read these partitions soon, and again a few times, since nobody tells when librdkafka
    /// is ready to fetch the new partition.
    void wake(const std::vector<std::int32_t>& partitions);
    /// When it wakes somebody next.
    [[nodiscard]] std::chrono::steady_clock::time_point due() const { return timer_.expiry(); }
    [[nodiscard]] const std::shared_ptr<Instance>& instance() const { return instance_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Waking {
        Clock::time_point due;
        std::size_t next = 0;  // of the pauses
        Clock::time_point woken{};
    };
    void wait();
    void wake_those_due();

    std::shared_ptr<Instance> instance_;
    TopicPtr topic_;
    boost::asio::steady_timer timer_;
    std::map<std::int32_t, Waking> wakings_;  // by partition; waited for while there are any
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
