#include "shared/channel/kafka/doorbell.hpp"

#include <chrono>
#include <utility>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {

std::string_view value_of(Ring ring) { return ring == Ring::record ? "1" : ""; }

Ring ring_of(const rd_kafka_message_t& message) {
    const std::string_view value(static_cast<const char*>(message.payload), message.len);
    return value == value_of(Ring::record) ? Ring::record : Ring::records;
}

Doorbell::Doorbell(std::shared_ptr<Instance> producer, const KafkaConfig& config)
    : producer_(std::move(producer)),
      topic_(rd_kafka_topic_new(producer_->client(), doorbell_topic(config.topic_prefix).c_str(), nullptr)) {}

Doorbell Doorbell::make(boost::asio::io_context& io, const KafkaConfig& config) {
    auto log_failures = [log = config.log, failing = false](Instance::Batch batch) mutable {
        for (const auto& event : batch) {
            if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) continue;
            while (const auto* message = rd_kafka_event_message_next(event.get())) {
                const bool failed = message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
                if (failed && !failing && log)
                    log(4, "DOORBELL", std::string("a ring failed: ") + rd_kafka_err2str(message->err));
                failing = failed;
            }
        }
    };
    return Doorbell(
        Instance::make(io, Instance::Kind::producer, config, doorbell_properties(), std::move(log_failures)),
        config);
}

void Doorbell::flush() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    while (rd_kafka_outq_len(producer_->client()) > 0 && std::chrono::steady_clock::now() < end)
        EventPtr(rd_kafka_queue_poll(producer_->queue(), 5));
}

bool Doorbell::ring(const std::string& name) {
    return rd_kafka_produce(topic_.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, name.data(), name.size(),
                            nullptr) == 0;
}

}  // namespace roomcast::channel::kafka
