#pragma once

#include <cstdint>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/fetcher.hpp"

namespace roomcast::channel::kafka {

/// Ends parked fetches. librdkafka has one fetch in flight per broker; one that finds nothing is parked at
/// the broker, and a partition assigned meanwhile waits for it. So a fetcher reads, of the wake topic, one
/// partition at every broker, and a record put into these ends the waiting at once.
///
/// Owned by the TailReader, on its thread. Best effort: without it everything still comes, up to 500 ms
/// later.
class Waker {
public:
    Waker(boost::asio::io_context& io, const KafkaConfig& config);
    ~Waker();

    /// One partition for each broker.
    void use(std::vector<std::int32_t> partitions) { partitions_ = std::move(partitions); }
    /// Wakes soon, and again a few times, since nobody tells when librdkafka is ready to fetch the new
    /// partition.
    void wake();
    void wake_now();

private:
    void tick();

    std::shared_ptr<Instance> instance_;
    TopicPtr topic_;
    boost::asio::steady_timer timer_;
    std::vector<std::int32_t> partitions_;
    std::size_t next_tick_ = 0;
    bool ticking_ = false;
};

}  // namespace roomcast::channel::kafka
