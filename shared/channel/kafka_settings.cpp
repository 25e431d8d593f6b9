#include "shared/channel/kafka_settings.hpp"

namespace roomcast::channel {

kafka::KafkaConfig kafka_config(const ops::KafkaSettings& settings, const ops::Log& log) {
    kafka::KafkaConfig config;
    config.properties = settings.properties;
    config.set_brokers(settings.brokers);
    config.topic_prefix = settings.topic_prefix;
    config.replication_factor = settings.replication_factor;
    config.min_insync_replicas = settings.min_insync_replicas;
    config.retention_ms = settings.retention_ms;
    config.linger_ms = settings.linger_ms;
    config.log = [&log](int level, std::string_view facility, std::string_view text) {
        if (level <= 3) {
            log.error("kafka", {{"facility", facility}, {"text", text}});
        } else if (level <= 4) {
            log.warn("kafka", {{"facility", facility}, {"text", text}});
        } else {
            log.debug("kafka", {{"facility", facility}, {"text", text}});
        }
    };
    return config;
}

}  // namespace roomcast::channel
