#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka {

/// Rings for tails that sleep: puts a topic's name into the doorbell topic, which all workers read.
///
/// Belongs to its owner, on the thread of the instance. Best effort, never blocks: without it a record is
/// shown when the ends of logs are looked up the next time (Sleepers).
class Doorbell {
public:
    explicit Doorbell(std::shared_ptr<Instance> producer, const KafkaConfig& config);
    /// With a producer of its own. The first ring of a row that fails is logged.
    [[nodiscard]] static Doorbell make(boost::asio::io_context& io, const KafkaConfig& config);

    /// Whether there was room in the queue (limits::doorbell_queue_messages).
    bool ring(const std::string& name);
    /// Waits until what was rung is out, for a tenth of a second at most: at the end of a program.
    void flush();

private:
    std::shared_ptr<Instance> producer_;
    TopicPtr topic_;
};

}  // namespace roomcast::channel::kafka
