#include <chrono>

#include "shared/channel/kafka/log_reader.hpp"
#include "shared/channel/kafka/producer.hpp"
#include "shared/channel/kafka/properties.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// Tails of rooms that speak seldom: fetched when somebody rings for a record, and only then.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;
using test::pump_until;

constexpr auto seldom = std::chrono::milliseconds(400);

kafka::KafkaConfig soon_rung_for(const std::string& prefix = shared_prefix()) {
    auto config = config_for(prefix);
    config.tails_before_spreading = 1;
    config.tail_silence_ms = 1'000;
    return config;
}

/// Rooms with a tail and a writer each.
struct Rooms {
    explicit Rooms(std::size_t count, const kafka::KafkaConfig& config = soon_rung_for())
        : channel(config), reader(dynamic_cast<kafka::KafkaLogReader&>(channel.reader())), sinks(count) {
        for (auto& sink : sinks) {
            logs.push_back(contract::create_log(channel));
            writers.push_back(channel.appender().open(logs.back()));
            tails.push_back(reader.tail(logs.back(), Seq{0}, sink));
        }
    }

    void append(std::size_t room, LogWriter& writer) {
        REQUIRE(append_once(channel, writer, logs[room]).ok());
    }
    /// In each once, with a pause, until something holds.
    void speak_seldom_until(const std::function<bool()>& holds) {
        boost::asio::steady_timer timer(channel.io());
        const auto end = std::chrono::steady_clock::now() + test::patience;
        while (!holds()) {
            REQUIRE(std::chrono::steady_clock::now() < end);
            for (std::size_t i = 0; i < logs.size(); ++i) append(i, *writers[i]);
            bool over = false;
            timer.expires_after(seldom);
            timer.async_wait([&over](auto) { over = true; });
            REQUIRE(pump_until(channel.io(), [&] { return over; }));
        }
    }
    void speak_until_all_are_rung_for() {
        speak_seldom_until([&] { return reader.tails_rung_for() == logs.size(); });
    }
    /// Sooner than a parked fetch ends, and than logs' ends are looked up.
    void check_that_all_is_shown() {
        for (std::size_t i = 0; i < logs.size(); ++i) {
            const auto next = contract::bounds_that_exist(channel, logs[i]).next.value;
            REQUIRE(pump_until(
                channel.io(), [&] { return std::cmp_equal(sinks[i].records.size(), next); },
                std::chrono::milliseconds(1'900)));
            for (std::int64_t seq = 0; seq < next; ++seq)
                CHECK(sinks[i].records[static_cast<std::size_t>(seq)].seq == Seq{seq});
            CHECK_FALSE(sinks[i].failure.has_value());
        }
    }

    KafkaFixture channel;
    kafka::KafkaLogReader& reader;
    std::vector<LogId> logs;
    std::vector<std::unique_ptr<LogWriter>> writers;
    std::vector<RecordingSink> sinks;
    std::vector<std::unique_ptr<Tail>> tails;
};

TEST_CASE("kafka: tails of rooms that speak seldom share an instance, and miss nothing") {
    REQUIRE(kafka::fetches_on_demand());
    Rooms rooms(limits::tails_moved_at_once + 4);
    rooms.speak_until_all_are_rung_for();
    CHECK(rooms.reader.tail_instances() == 2);
    for (std::size_t i = 0; i < rooms.logs.size(); ++i) rooms.append(i, *rooms.writers[i]);
    rooms.check_that_all_is_shown();
}

TEST_CASE("kafka: a tail that is rung for goes back to be read all the time when its room speaks often") {
    Rooms rooms(1);
    rooms.speak_until_all_are_rung_for();
    for (int i = 0; i < 50; ++i) rooms.append(0, *rooms.writers[0]);
    REQUIRE(pump_until(
        rooms.channel.io(), [&] { return rooms.reader.tails_rung_for() == 0; },
        std::chrono::milliseconds(900)));  // sooner than one that is silent sleeps
    rooms.check_that_all_is_shown();
    rooms.speak_until_all_are_rung_for();
    rooms.check_that_all_is_shown();
}

TEST_CASE("kafka: tails that are rung for show after some seconds what nobody rang for") {
    auto config = soon_rung_for();
    config.tail_silence_ms = 5'000;
    config.rung_tails_per_instance = 2;
    Rooms rooms(5, config);
    config.tail_silence_ms = 3'600'000;  // so these writers do not ring again once they spoke often
    const auto appender = kafka::make_appender(rooms.channel.io(), config, rooms.channel.listener());
    std::vector<std::unique_ptr<LogWriter>> silent;
    for (std::size_t i = 0; i < rooms.logs.size(); ++i) {
        silent.push_back(appender->open(rooms.logs[i]));
        for (int n = 0; n < 2; ++n) rooms.append(i, *silent[i]);
    }
    rooms.speak_until_all_are_rung_for();
    rooms.check_that_all_is_shown();
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < rooms.logs.size(); ++i) {
        shown.push_back(rooms.sinks[i].records.size() + 1);
        rooms.append(i, *silent[i]);
    }
    const auto all_are_shown = [&] {
        for (std::size_t i = 0; i < shown.size(); ++i)
            if (rooms.sinks[i].records.size() < shown[i]) return false;
        return true;
    };
    // Sooner than one of them sleeps.
    REQUIRE(pump_until(rooms.channel.io(), all_are_shown, std::chrono::milliseconds(4'500)));
    rooms.check_that_all_is_shown();
}

TEST_CASE("kafka: a record that comes later than its ring is shown sooner than logs' ends are looked up") {
    auto config = soon_rung_for();
    config.tail_silence_ms = 5'000;
    Rooms rooms(20, config);
    config.tail_silence_ms = 3'600'000;  // so these writers do not ring again once they spoke often
    const auto appender = kafka::make_appender(rooms.channel.io(), config, rooms.channel.listener());
    std::vector<std::unique_ptr<LogWriter>> silent;
    for (const auto& log : rooms.logs) {
        silent.push_back(appender->open(log));
        for (int n = 0; n < 2; ++n) REQUIRE(append_once(rooms.channel, *silent.back(), log).ok());
    }
    rooms.speak_until_all_are_rung_for();
    rooms.check_that_all_is_shown();
    kafka::Producer producer(rooms.channel.io(), config, [](auto, auto) {});
    for (const auto& log : rooms.logs) REQUIRE(producer.ring(kafka::room_topic(config.topic_prefix, log)));
    const auto shown = rooms.sinks.front().records.size();
    rooms.append(0, *silent.front());  // asked for again, which is after its ring and those behind it
    contract::wait_for_records(rooms.channel, rooms.sinks.front(), shown + 1);
    for (std::size_t i = 1; i < rooms.logs.size(); ++i) rooms.append(i, *silent[i]);
    rooms.check_that_all_is_shown();
}

TEST_CASE("kafka: tails that are rung for are read all the time when the doorbell is heard no longer") {
    const auto prefix = new_prefix();
    {
        boost::asio::io_context io;
        make_base_topics(io, config_for(prefix));
    }
    Rooms rooms(2, soon_rung_for(prefix));
    rooms.speak_until_all_are_rung_for();
    const auto instance = kafka::Instance::make(rooms.channel.io(), kafka::Instance::Kind::producer,
                                                rooms.channel.config(), {}, [](auto) {});
    kafka::Requests(instance).delete_topic(kafka::doorbell_topic(prefix), 5'000, [](auto) {});
    REQUIRE(pump_until(rooms.channel.io(), [&] { return rooms.reader.tails_rung_for() == 0; }));
    rooms.speak_seldom_until([&] { return rooms.sinks[0].records.size() > 10; });
    rooms.check_that_all_is_shown();
}

TEST_CASE("kafka: a tail that is rung for and then silent sleeps, and a ring brings it back") {
    Rooms rooms(3);
    for (int round = 0; round < 2; ++round) {
        rooms.speak_until_all_are_rung_for();
        REQUIRE(pump_until(rooms.channel.io(), [&] { return rooms.reader.tails_asleep() == 3; }));
        for (std::size_t i = 0; i < rooms.logs.size(); ++i) rooms.append(i, *rooms.writers[i]);
        REQUIRE(pump_until(rooms.channel.io(), [&] { return rooms.reader.tails_rung_for() == 3; }));
        rooms.check_that_all_is_shown();
    }
}

TEST_CASE("kafka: no more tails than that are rung for by one instance") {
    auto config = soon_rung_for();
    config.rung_tails_per_instance = 2;
    Rooms rooms(5, config);
    rooms.speak_until_all_are_rung_for();
    CHECK(rooms.reader.tail_instances() == 1 + 3);
    rooms.check_that_all_is_shown();
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
