#include "shared/channel/kafka/properties.hpp"

#include <array>
#include <map>

#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

const Properties base = {
    {"client.id", "roomcast"},
    {"socket.nagle.disable", "true"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "500"},
    {"retry.backoff.ms", "50"},
    {"retry.backoff.max.ms", "500"},
    {"topic.metadata.refresh.fast.interval.ms", "50"},
    {"topic.metadata.propagation.max.ms",
     "2000"},  // past it a topic that no broker knows is taken for deleted
    {"socket.connection.setup.timeout.ms", "5000"},
    {"statistics.interval.ms", "0"},
    {"log.connection.close", "false"},
};

/// What the delivery contract and the event loop rest on.
const std::map<std::string, std::string, std::less<>> fixed = {
    {"allow.auto.create.topics", "false"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"request.required.acks", "all"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {"log.queue", "true"},
    {"enable.gapless.guarantee", "false"},
};

// Those of scripts/librdkafka.
constexpr const char* request_partitions = "produce.request.max.partitions";
constexpr const char* request_pace = "produce.request.pace.ms";
constexpr const char* request_pace_rtts = "produce.request.pace.rtts";
constexpr const char* on_demand = "fetch.on.demand";
constexpr const char* waits = "produce.waits";

const Properties always = {
    {"allow.auto.create.topics", "false"},
    {"log.queue", "true"},
};

bool knows(const char* property) {
    const ConfPtr conf(rd_kafka_conf_new());
    std::size_t size = 0;
    return rd_kafka_conf_get(conf.get(), property, nullptr, &size) == RD_KAFKA_CONF_OK;
}

}  // namespace

bool joins_produce_requests() { return knows(request_partitions); }
bool fetches_on_demand() { return knows(on_demand) && rd_kafka_consume_demand != nullptr; }

TopicPtr open_waiting_topic(rd_kafka_t* client, const std::string& name) {
    auto* conf = rd_kafka_default_topic_conf_dup(client);
    rd_kafka_topic_conf_set(conf, waits, "true", nullptr, 0);  // left alone where it is not known
    return TopicPtr(rd_kafka_topic_new(client, name.c_str(), conf));
}

Properties producer_properties(const KafkaConfig& config) {
    Properties properties = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"linger.ms", std::to_string(config.linger_ms)},
        {"max.in.flight.requests.per.connection", "1"},  // what rooms say meanwhile goes together
        {"queue.buffering.max.messages", std::to_string(2 * limits::producer_queue_messages)},  // with rings
        {"queue.buffering.max.kbytes", std::to_string(limits::producer_queue_kbytes)},
        {"message.timeout.ms", std::to_string(limits::append_deadline_ms)},
    };
    if (joins_produce_requests())
        properties.emplace_back(request_partitions, std::to_string(config.rooms_in_a_request));
    if (knows(request_pace)) properties.emplace_back(request_pace, std::to_string(config.request_pace_ms));
    if (knows(request_pace_rtts))
        properties.emplace_back(request_pace_rtts, std::to_string(config.request_pace_rtts));
    return properties;
}

Properties waker_properties() {
    return {
        {"acks", "1"},
        {"linger.ms", "0"},
        {"queue.buffering.max.messages", "1000"},
        {"message.timeout.ms", "500"},
    };
}

Properties doorbell_properties() {
    return {
        {"acks", "1"},
        {"linger.ms", "2"},  // thousands that ring at once are heard in batches
        {"queue.buffering.max.messages", std::to_string(limits::doorbell_queue_messages)},
        {"message.timeout.ms", std::to_string(limits::append_deadline_ms)},
    };
}

Properties admin_properties() { return {}; }

Properties fetcher_properties(const FetchSettings& settings) {
    Properties properties = {
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", settings.show_end ? "true" : "false"},
        {"fetch.wait.max.ms", std::to_string(settings.wait_ms)},
        {"fetch.min.bytes", "1"},
        {"fetch.error.backoff.ms", "50"},
        {"fetch.queue.backoff.ms", "5"},
        {"max.partition.fetch.bytes", std::to_string(settings.partition_bytes)},
        {"queued.min.messages", std::to_string(settings.queued_messages)},
        {"queued.max.messages.kbytes", std::to_string(settings.queued_kbytes)},
    };
    if (settings.on_demand) properties.emplace_back(on_demand, "true");
    return properties;
}

Properties group_properties(const KafkaConfig& config) {
    return {
        {"group.id", workers_group(config.topic_prefix)},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"session.timeout.ms", std::to_string(config.session_timeout_ms)},
        {"heartbeat.interval.ms", "500"},
        {"max.poll.interval.ms", std::to_string(std::max(config.session_timeout_ms, 10'000))},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
    };
}

const std::string* fixed_value(std::string_view name) {
    const auto found = fixed.find(name);
    return found == fixed.end() ? nullptr : &found->second;
}

Result<ConfPtr> make_conf(const KafkaConfig& config, const Properties& kind) {
    ConfPtr conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    const auto set = [&](const std::string& name, const std::string& value) {
        return rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) ==
               RD_KAFKA_CONF_OK;
    };
    const auto failed = [&](const std::string& name) {
        return Error{Errc::internal, "Kafka property " + name + ": " + why.data()};
    };
    for (const auto& [name, value] : base) {
        if (!set(name, value)) return failed(name);
    }
    for (const auto& [name, value] : kind) {
        if (!set(name, value)) return failed(name);
    }
    for (const auto& [name, value] : config.properties) {
        if (fixed_value(name) == nullptr && !set(name, value)) return failed(name);
    }
    for (const auto& [name, value] : always) {
        if (!set(name, value)) return failed(name);
    }
    return conf;
}

}  // namespace roomcast::channel::kafka
