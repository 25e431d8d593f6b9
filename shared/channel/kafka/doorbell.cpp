#include "shared/channel/kafka/doorbell.hpp"

#include <utility>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {

Doorbell::Doorbell(std::shared_ptr<Instance> producer, const KafkaConfig& config)
    : producer_(std::move(producer)),
      topic_(rd_kafka_topic_new(producer_->client(), doorbell_topic(config.topic_prefix).c_str(), nullptr)) {}

Doorbell Doorbell::make(boost::asio::io_context& io, const KafkaConfig& config) {
    return Doorbell(
        Instance::make(io, Instance::Kind::producer, config, doorbell_properties(), [](Instance::Batch) {}),
        config);
}

bool Doorbell::ring(const std::string& name) {
    return rd_kafka_produce(topic_.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, name.data(), name.size(),
                            nullptr) == 0;
}

}  // namespace roomcast::channel::kafka
