#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/channel/kafka/config.hpp"
#include "shared/channel/kafka/handles.hpp"

/// The librdkafka properties of each kind of client, in one place. Private to shared/channel/kafka.
namespace roomcast::channel::kafka {

using Properties = std::vector<std::pair<std::string, std::string>>;

/// How a fetcher trades latency for work.
struct FetchSettings {
    int wait_ms = 2'000;  // how long the broker parks a fetch that finds nothing
    int partition_bytes = 1 << 20;
    int queued_messages = 10'000;  // per partition, read ahead
    int queued_kbytes = 4 * 1024;
    bool show_end = false;   // report the end of a partition each time it is reached
    bool on_demand = false;  // fetch a partition only when asked to, see fetches_on_demand()
};

/// Whether this librdkafka can put the batches of several rooms into a produce request, as the one of
/// scripts/deps can.
[[nodiscard]] bool joins_produce_requests();
/// Whether it can leave partitions alone until it is asked to fetch them.
[[nodiscard]] bool fetches_on_demand();
/// The handle of a topic whose records wait for those of other topics, to go along in their produce request.
[[nodiscard]] TopicPtr open_waiting_topic(rd_kafka_t* client, const std::string& name);

[[nodiscard]] Properties producer_properties(const KafkaConfig& config);
[[nodiscard]] Properties waker_properties();
[[nodiscard]] Properties doorbell_properties();
[[nodiscard]] Properties admin_properties();
[[nodiscard]] Properties fetcher_properties(const FetchSettings& settings);
[[nodiscard]] Properties group_properties(const KafkaConfig& config);

/// The value that a property must have whatever the operator says; none for those that are free.
[[nodiscard]] const std::string* fixed_value(std::string_view name);

/// The base settings, then the operator's properties, then those of the kind. Fails with librdkafka's own
/// words.
[[nodiscard]] Result<ConfPtr> make_conf(const KafkaConfig& config, const Properties& kind);

}  // namespace roomcast::channel::kafka
