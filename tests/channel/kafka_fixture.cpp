#include "tests/channel/kafka_fixture.hpp"

#include <utility>

#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka_test {
namespace {

std::string brokers() {
    const char* given = std::getenv("KAFKA_BROKERS");
    return given != nullptr ? given : "127.0.0.1:9092";
}

}  // namespace

std::string new_prefix() { return "test-" + make_epoch().str(); }

kafka::KafkaConfig config_for(const std::string& prefix) {
    kafka::KafkaConfig config;
    config.set_brokers(brokers());
    config.topic_prefix = prefix;
    config.log = [](int level, std::string_view facility, std::string_view text) {
        if (std::getenv("KAFKA_TEST_LOG") != nullptr) {
            MESSAGE(level << ' ' << std::string(facility) << ' ' << std::string(text));
        }
    };
    return config;
}

void make_base_topics(boost::asio::io_context& io, const kafka::KafkaConfig& config) {
    std::optional<Result<void>> made;
    kafka::ensure_base_topics(io, config, test::patience,
                              [&made](Result<void> outcome) { made = std::move(outcome); });
    REQUIRE(test::pump_until(io, [&] { return made.has_value(); }));
    REQUIRE_MESSAGE(made->ok(), made->error().detail);
    test::pump_ready(io);
}

const std::string& shared_prefix() {
    static const std::string prefix = [] {
        auto made = new_prefix();
        boost::asio::io_context io;
        make_base_topics(io, config_for(made));
        return made;
    }();
    return prefix;
}

KafkaFixture::KafkaFixture(kafka::KafkaConfig config)
    : config_(std::move(config)),
      appender_(kafka::make_appender(io_, config_, listener_)),
      reader_(kafka::make_log_reader(io_, config_, NodeId::trusted("test-node"))),
      admin_(kafka::make_log_admin(io_, config_)) {}

TableLog& KafkaFixture::table(Table table) {
    auto& made = tables_[table];
    if (!made) made = kafka::make_table_log(io_, config_, table);
    return *made;
}

Result<Seq> append_once(contract::ChannelFixture& channel, LogWriter& writer, const LogId& log) {
    const auto ticket = channel.next_ticket();
    if (auto queued = writer.append(contract::make_record(log, "once"), ticket); !queued)
        return queued.error();
    const contract::RecordingListener::Outcome* outcome = nullptr;
    REQUIRE(test::pump_until(channel.io(),
                             [&] { return (outcome = channel.listener().find(ticket)) != nullptr; }));
    return outcome->result;
}

void delete_records_before(KafkaFixture& channel, const std::string& topic, Seq seq) {
    bool done = false;
    const auto instance =
        kafka::Instance::make(channel.io(), kafka::Instance::Kind::producer, channel.config(), {},
                              [&done](kafka::Instance::Batch) { done = true; });
    const kafka::PartitionsPtr list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = seq.value;
    auto* request = rd_kafka_DeleteRecords_new(list.get());
    rd_kafka_DeleteRecords(instance->client(), &request, 1, nullptr, instance->queue());
    rd_kafka_DeleteRecords_destroy(request);
    REQUIRE(test::pump_until(channel.io(), [&] { return done; }));
    instance->stop();
}

std::map<std::string, std::string> settings_of(KafkaFixture& channel, const std::string& topic) {
    std::map<std::string, std::string> settings;
    bool done = false;
    const auto instance = kafka::Instance::make(
        channel.io(), kafka::Instance::Kind::producer, channel.config(), {},
        [&](kafka::Instance::Batch batch) {
            for (const auto& event : batch) {
                const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
                if (result == nullptr) continue;
                std::size_t resources = 0;
                std::size_t count = 0;
                const auto* const* found = rd_kafka_DescribeConfigs_result_resources(result, &resources);
                REQUIRE(resources == 1);
                const auto* const* entries = rd_kafka_ConfigResource_configs(found[0], &count);
                for (std::size_t i = 0; i < count; ++i)
                    settings[rd_kafka_ConfigEntry_name(entries[i])] = rd_kafka_ConfigEntry_value(entries[i]);
                done = true;
            }
        });
    const kafka::ConfigResourcePtr resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    auto* one = resource.get();
    rd_kafka_DescribeConfigs(instance->client(), &one, 1, nullptr, instance->queue());
    REQUIRE(test::pump_until(channel.io(), [&] { return done; }));
    instance->stop();
    return settings;
}

}  // namespace roomcast::channel::kafka_test
