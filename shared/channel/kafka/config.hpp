#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "shared/core/result.hpp"

namespace roomcast::channel::kafka {

/// One line from librdkafka or from the channel itself. `level` is syslog's: 3 error, 4 warning, 6
/// information. Called on the io_context's thread.
using LogLine = std::function<void(int level, std::string_view facility, std::string_view text)>;

/// How to reach Kafka, and how topics are made. A value; every object of the channel keeps a copy.
///
/// `properties` are librdkafka's own, by their names (`bootstrap.servers`, `sasl.mechanism`, ...). Those that
/// the delivery contract rests on (idempotence, acks, offsets, events) are fixed, and `validate` refuses
/// other values.
struct KafkaConfig {
    std::map<std::string, std::string> properties;
    std::string topic_prefix = "roomcast";
    int replication_factor = 1;
    int min_insync_replicas = 1;
    std::int64_t retention_ms =
        7LL * 24 * 60 * 60 * 1000;  // of rooms that do not say their own; -1: for ever
    int linger_ms = 0;
    int session_timeout_ms =
        6'000;  // of the workers' group; the broker's least is 6,000 unless it says otherwise
    int rooms_before_spreading = 32;  // by one producer of an appender; then a further one is opened, up to
    int producers = 1;                // so many, which share what else comes
    int rooms_in_a_request = 256;     // at most, in one produce request, where librdkafka can join them
    int request_pace_ms = 3;          // between two of them, while all rooms in it speak seldom, but no more
    int request_pace_rtts = 4;        // than so many times as long as they take of late; 0: in any case
    int tails_before_spreading = 8;   // in one librdkafka instance; then a further one is opened, up to
    int tail_instances = 96;          // so many, which then take
    int tails_per_instance = 1'500;   // each, and then there is a further one
    int tail_silence_ms = 30'000;  // that a tail shows nothing before it sleeps (at most twice that); writers
                                   // that were silent for half of it ring the doorbell
    int sparse_tails_per_instance = 64;   // that were woken and have not shown a second record yet
    int rung_tails_per_instance = 1'500;  // that are fetched only when somebody rings; 0: there are none
    int tails_left_per_instance =
        256;      // after so many that ended or moved away the others move too, and it ends
    LogLine log;  // none: silence
    /// Called for each record in a room's topic that is not Roomcast's and is not shown.
    std::function<void()> on_foreign_record;

    [[nodiscard]] std::string brokers() const;
    void set_brokers(std::string brokers);
};

/// Takes `KAFKA_BROKERS` and every other `KAFKA_*` variable as a property: KAFKA_SASL_MECHANISM is
/// sasl.mechanism. What else is named so and is none (KAFKA_IMAGE, KAFKA_HOME, KAFKA_OPTS, KAFKA_HEAP_OPTS)
/// is left alone. Properties that are there already, from flags, win.
void add_environment(KafkaConfig& config, const char* const* environment);

/// Whether librdkafka takes every property and the rest makes sense; else a sentence for the operator.
[[nodiscard]] Result<void> validate(const KafkaConfig& config);

}  // namespace roomcast::channel::kafka
