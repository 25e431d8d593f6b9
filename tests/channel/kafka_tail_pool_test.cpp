#include "shared/channel/kafka/log_reader.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// On which of librdkafka's instances tails are read.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;

TEST_CASE("kafka: tails spread over instances, fill them, and then open another, which ends with them") {
    auto config = config_for(shared_prefix());
    config.tails_before_spreading = 1;
    config.tail_instances = 2;
    config.tails_per_instance = 2;
    KafkaFixture channel(config);
    auto& reader = dynamic_cast<kafka::KafkaLogReader&>(channel.reader());
    std::vector<LogId> logs;
    std::vector<RecordingSink> sinks(5);
    std::vector<std::unique_ptr<Tail>> tails;
    std::vector<std::size_t> instances;
    for (auto& sink : sinks) {
        logs.push_back(contract::create_log(channel));
        tails.push_back(reader.tail(logs.back(), Seq{0}, sink));
        instances.push_back(reader.tail_instances());
    }
    CHECK(instances == std::vector<std::size_t>{1, 2, 2, 2, 3});
    for (std::size_t i = 0; i < logs.size(); ++i) {
        contract::append_texts(channel, logs[i], 1);
        contract::wait_for_records(channel, sinks[i], 1);
    }
    tails.clear();
    CHECK(reader.tail_instances() == 1);
}

TEST_CASE("kafka: an instance that many tails have left is left by the others too, and they miss nothing") {
    auto config = config_for(shared_prefix());
    config.tails_before_spreading = 2;
    config.tails_left_per_instance = 2;
    config.tail_silence_ms = 3'000;
    KafkaFixture channel(config);
    auto& reader = dynamic_cast<kafka::KafkaLogReader&>(channel.reader());
    std::vector<LogId> logs;
    std::vector<RecordingSink> sinks(4);
    std::vector<std::unique_ptr<Tail>> tails;
    const auto open = [&] {
        logs.push_back(contract::create_log(channel));
        tails.push_back(reader.tail(logs.back(), Seq{0}, sinks[tails.size()]));
    };
    for (int i = 0; i < 3; ++i) open();
    const LogId passing = contract::create_log(channel);
    for (int i = 0; i < config.tails_left_per_instance; ++i) {
        RecordingSink deaf;
        const auto passes = reader.tail(passing, Seq{0}, deaf);
        CHECK(reader.tail_instances() == 2);
    }
    open();
    CHECK(reader.tail_instances() == 3);  // though there is room in the second one, which two have left
    std::size_t count = 0;
    const auto end = std::chrono::steady_clock::now() + test::patience;
    while (reader.tail_instances() == 3 && std::chrono::steady_clock::now() < end) {
        ++count;
        for (std::size_t i = 0; i < logs.size(); ++i) {
            contract::append_texts(channel, logs[i], 1);
            contract::wait_for_records(channel, sinks[i], count);
        }
    }
    CHECK(reader.tail_instances() == 2);
    for (std::size_t i = 0; i < logs.size(); ++i) {
        contract::append_texts(channel, logs[i], 1);
        contract::wait_for_records(channel, sinks[i], count + 1);
        for (std::size_t seq = 0; seq <= count; ++seq)
            CHECK(sinks[i].records[seq].seq == Seq{static_cast<std::int64_t>(seq)});
    }
}

TEST_CASE("kafka: a tail that shows something now and then, and is not rung for, stays where it is") {
    auto config = config_for(shared_prefix());
    config.tails_before_spreading = 1;
    config.rung_tails_per_instance = 0;
    config.tail_silence_ms = 3'000;
    KafkaFixture channel(config);
    auto& reader = dynamic_cast<kafka::KafkaLogReader&>(channel.reader());
    const std::array logs{contract::create_log(channel), contract::create_log(channel),
                          contract::create_log(channel)};
    std::array<RecordingSink, 3> sinks;
    std::array<std::unique_ptr<Tail>, 3> tails;
    for (std::size_t i = 0; i < logs.size(); ++i) tails[i] = reader.tail(logs[i], Seq{0}, sinks[i]);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2 * config.tail_silence_ms);
    std::size_t count = 0;
    while (std::chrono::steady_clock::now() < end) {
        ++count;
        for (std::size_t i = 0; i < logs.size(); ++i) {
            contract::append_texts(channel, logs[i], 1);
            contract::wait_for_records(channel, sinks[i], count);
        }
        CHECK(reader.tail_instances() == logs.size());
    }
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
