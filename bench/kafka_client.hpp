#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

/// As little as a floor needs of librdkafka: handles that free themselves, and failures thrown.
namespace roomcast::bench::kafka {

template <auto destroy>
struct Free {
    template <typename Handle>
    void operator()(Handle* handle) const {
        destroy(handle);
    }
};
using Client = std::unique_ptr<rd_kafka_t, Free<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Free<rd_kafka_topic_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Free<rd_kafka_message_destroy>>;
using Properties = std::vector<std::pair<std::string, std::string>>;

/// Acks of all replicas, idempotent, as Roomcast's own. `delivered` may be null.
[[nodiscard]] Client make_producer(const std::string& brokers, int linger_ms,
                                   void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*),
                                   void* opaque);
/// Reads partition 0 of a topic from its end on. The end is known when it returns.
[[nodiscard]] Client make_consumer(const std::string& brokers, const std::string& topic);

/// Makes topics of one partition, unless they exist, and waits until the client knows their leaders.
void make_topics(rd_kafka_t* client, const std::vector<std::string>& names);
void delete_topics(rd_kafka_t* client, const std::vector<std::string>& names);

/// One record, shaped as a room's: key, value, headers id, user and content-type. False when the queue is
/// full.
[[nodiscard]] bool produce(rd_kafka_t* client, rd_kafka_topic_t* topic, std::string_view key,
                           std::string_view id, std::string_view value);
/// The value of a room's record.
[[nodiscard]] std::string record_value(std::string_view room, std::string_view id, std::string_view text);

}  // namespace roomcast::bench::kafka
