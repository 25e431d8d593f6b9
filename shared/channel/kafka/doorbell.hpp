#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka {

/// What a ring says of a topic.
enum class Ring {
    records,  // that there are some, and may be more without a further ring for as long as a tail stays awake
    record,   // that there is one, or will be; whoever rings so does it for each of his
};
/// The value that a ring goes with; none says `records`, as ever.
[[nodiscard]] std::string_view value_of(Ring ring);
[[nodiscard]] Ring ring_of(const rd_kafka_message_t& message);

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
