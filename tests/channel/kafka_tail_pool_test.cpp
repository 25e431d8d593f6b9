#include "shared/channel/kafka/log_reader.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// On which of librdkafka's instances tails are read.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;
using test::pump_until;

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

TEST_CASE("kafka: tails that show nothing share an instance, leave it when they do, and nothing is missed") {
    auto config = config_for(shared_prefix());
    config.tails_before_spreading = 1;
    config.tail_silence_ms = 1'000;
    config.silent_tails_per_instance = limits::tails_moved_at_once;
    KafkaFixture channel(config);
    auto& reader = dynamic_cast<kafka::KafkaLogReader&>(channel.reader());
    std::vector<LogId> logs;
    std::vector<RecordingSink> sinks(limits::tails_moved_at_once + 1);
    constexpr std::size_t all_silent = 1 + 2;  // the first, and two that share all tails
    std::vector<std::unique_ptr<Tail>> tails;
    for (auto& sink : sinks) {
        logs.push_back(contract::create_log(channel));
        tails.push_back(reader.tail(logs.back(), Seq{0}, sink));
    }
    for (std::size_t round = 1; round <= 2; ++round) {
        REQUIRE(pump_until(channel.io(), [&] { return reader.tail_instances() == all_silent; }));
        for (std::size_t i = 0; i < logs.size(); ++i) {
            contract::append_texts(channel, logs[i], 3);
            contract::wait_for_records(channel, sinks[i], 3 * round);
        }
        REQUIRE(pump_until(channel.io(), [&] { return reader.tail_instances() > all_silent; }));
    }
    for (const auto& sink : sinks) {
        REQUIRE(sink.records.size() == 6);
        for (std::int64_t seq = 0; seq < 6; ++seq)
            CHECK(sink.records[static_cast<std::size_t>(seq)].seq == Seq{seq});
        CHECK_FALSE(sink.failure.has_value());
    }
    REQUIRE(pump_until(channel.io(), [&] { return reader.tail_instances() == all_silent; }));
    contract::remove(channel, logs.front());
    REQUIRE(pump_until(
        channel.io(), [&] { return sinks.front().failure.has_value(); }, std::chrono::seconds(5)));
    CHECK(name_of(sinks.front().failure->code) == name_of(Errc::room_gone));
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

TEST_CASE("kafka: a tail that shows something now and then stays where it is") {
    auto config = config_for(shared_prefix());
    config.tails_before_spreading = 1;
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
