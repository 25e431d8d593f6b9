#include "shared/channel/kafka/log_reader.hpp"
#include "shared/channel/kafka/sleepers.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// Silent tails, which are not read until somebody rings for them or their log's end is looked up.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;
using kafka::Doorbell;
using test::pump_until;

constexpr std::chrono::milliseconds less_than_a_parked_fetch{1'900};

kafka::KafkaConfig soon_asleep(const std::string& prefix = shared_prefix()) {
    auto config = config_for(prefix);
    config.tails_before_spreading = 1;
    config.tail_silence_ms = 1'000;
    return config;
}

/// Rooms with a tail each, all at one worker.
struct Rooms {
    explicit Rooms(std::size_t count, const kafka::KafkaConfig& config = soon_asleep())
        : channel(config), reader(dynamic_cast<kafka::KafkaLogReader&>(channel.reader())), sinks(count) {
        for (auto& sink : sinks) {
            logs.push_back(contract::create_log(channel));
            tails.push_back(reader.tail(logs.back(), Seq{0}, sink));
        }
    }
    void wait_until_asleep(std::size_t count) {
        REQUIRE(pump_until(channel.io(), [&] { return reader.tails_asleep() == count; }));
    }
    void say_something_in_each() {
        for (const auto& log : logs) contract::append_texts(channel, log, 1);
    }
    void check_that_each_showed(std::size_t records) {
        REQUIRE(pump_until(
            channel.io(),
            [&] {
                return std::ranges::all_of(sinks,
                                           [&](const auto& sink) { return sink.records.size() >= records; });
            },
            less_than_a_parked_fetch));
        for (const auto& sink : sinks) {
            REQUIRE(sink.records.size() == records);
            for (std::size_t i = 0; i < records; ++i)
                CHECK(sink.records[i].seq == Seq{static_cast<std::int64_t>(i)});
            CHECK_FALSE(sink.failure.has_value());
        }
    }

    KafkaFixture channel;
    kafka::KafkaLogReader& reader;
    std::vector<LogId> logs;
    std::vector<RecordingSink> sinks;
    std::vector<std::unique_ptr<Tail>> tails;
};

/// Counts how often it is woken.
struct CountingSleeper final : kafka::Sleepers::Sleeper {
    int woken = 0;
    void wake(kafka::Ring /*why*/) override { ++woken; }
    [[nodiscard]] std::int64_t next() const override { return 0; }
};

TEST_CASE("kafka: silent tails sleep, wake when something is appended, and miss nothing") {
    Rooms rooms(limits::tails_moved_at_once + 4);
    for (std::size_t round = 1; round <= 2; ++round) {
        rooms.wait_until_asleep(rooms.logs.size());
        CHECK(rooms.reader.tail_instances() == 1);
        rooms.say_something_in_each();
        rooms.check_that_each_showed(round);
    }
}

TEST_CASE("kafka: tails that were woken share an instance until they show a second record") {
    auto config = soon_asleep();
    config.rung_tails_per_instance = 0;
    Rooms rooms(limits::tails_moved_at_once + 4, config);
    rooms.wait_until_asleep(rooms.logs.size());
    rooms.say_something_in_each();
    rooms.check_that_each_showed(1);
    std::size_t most = 0;
    REQUIRE(pump_until(rooms.channel.io(), [&] {
        most = std::max(most, rooms.reader.tail_instances());
        return rooms.reader.tails_asleep() == rooms.logs.size();
    }));
    CHECK(most == 2);
    rooms.say_something_in_each();
    rooms.say_something_in_each();
    rooms.check_that_each_showed(3);
    REQUIRE(pump_until(rooms.channel.io(), [&] { return rooms.reader.tail_instances() > 2; }));
    rooms.say_something_in_each();
    rooms.check_that_each_showed(4);
}

/// Append without ringing, once they have spoken often.
struct SilentWriters {
    explicit SilentWriters(Rooms& all) : rooms(all) {
        auto config = rooms.channel.config();
        config.tail_silence_ms = 3'600'000;
        appender = kafka::make_appender(rooms.channel.io(), config, rooms.channel.listener());
        for (const auto& log : rooms.logs) writers.push_back(appender->open(log));
    }
    void append_to_each(int records) {
        for (std::size_t i = 0; i < writers.size(); ++i)
            for (int n = 0; n < records; ++n)
                REQUIRE(append_once(rooms.channel, *writers[i], rooms.logs[i]).ok());
    }
    Rooms& rooms;
    std::unique_ptr<Appender> appender;
    std::vector<std::unique_ptr<LogWriter>> writers;
};

TEST_CASE("kafka: a sleeping tail shows what nobody rang for") {
    Rooms rooms(1);
    SilentWriters writers(rooms);
    writers.append_to_each(2);
    contract::wait_for_records(rooms.channel, rooms.sinks.front(), 2);
    rooms.wait_until_asleep(1);
    writers.append_to_each(1);
    contract::wait_for_records(rooms.channel, rooms.sinks.front(), 3);
    rooms.check_that_each_showed(3);
}

TEST_CASE("kafka: when something was found that nobody rang for, tails are looked up sooner") {
    Rooms rooms(120);
    SilentWriters writers(rooms);
    writers.append_to_each(2);
    rooms.wait_until_asleep(rooms.logs.size());
    writers.append_to_each(1);
    // In the time that all of them would take else not even a half is found.
    REQUIRE(pump_until(
        rooms.channel.io(),
        [&] {
            return std::ranges::all_of(rooms.sinks,
                                       [](const auto& sink) { return sink.records.size() == 3; });
        },
        std::chrono::seconds(limits::wary_tails_looked_up_within_s + 5)));
    rooms.check_that_each_showed(3);
}

TEST_CASE("kafka: a topic deleted while its tail sleeps ends it with room_gone within fifteen seconds") {
    auto config = soon_asleep();
    config.tail_silence_ms = 4'000;  // longer than librdkafka takes to believe it
    Rooms rooms(2, config);
    rooms.wait_until_asleep(2);
    contract::remove(rooms.channel, rooms.logs.front());
    REQUIRE(pump_until(
        rooms.channel.io(), [&] { return rooms.sinks.front().failure.has_value(); },
        std::chrono::seconds(15)));
    CHECK(name_of(rooms.sinks.front().failure->code) == name_of(Errc::room_gone));
    CHECK_FALSE(rooms.sinks.back().failure.has_value());
    contract::append_texts(rooms.channel, rooms.logs.back(), 1);
    contract::wait_for_records(rooms.channel, rooms.sinks.back(), 1);
}

TEST_CASE("kafka: a tail that ends while it sleeps is not woken") {
    Rooms rooms(2);
    rooms.wait_until_asleep(2);
    rooms.tails.front().reset();
    CHECK(rooms.reader.tails_asleep() == 1);
    rooms.say_something_in_each();
    contract::wait_for_records(rooms.channel, rooms.sinks.back(), 1);
    CHECK(rooms.sinks.front().records.empty());
}

TEST_CASE("kafka: a tail does not fall asleep while somebody rings for it") {
    Rooms rooms(2);
    Doorbell doorbell = Doorbell::make(rooms.channel.io(), rooms.channel.config());
    const auto topic = kafka::room_topic(rooms.channel.config().topic_prefix, rooms.logs.front());
    std::size_t asleep = 0;
    boost::asio::steady_timer timer(rooms.channel.io());
    for (int i = 0; i < 12; ++i) {  // some silences long
        doorbell.ring(topic);
        bool over = false;
        timer.expires_after(std::chrono::milliseconds(400));
        timer.async_wait([&over](auto) { over = true; });
        REQUIRE(pump_until(rooms.channel.io(), [&] { return over; }));
        asleep = std::max(asleep, rooms.reader.tails_asleep());
    }
    CHECK(asleep == 1);
    rooms.wait_until_asleep(2);
}

TEST_CASE("kafka: without a doorbell nobody sleeps, and silent tails share an instance") {
    Rooms rooms(3, soon_asleep(new_prefix()));
    CHECK(rooms.reader.tail_instances() == 3);
    REQUIRE(pump_until(rooms.channel.io(), [&] { return rooms.reader.tail_instances() == 2; }));
    CHECK(rooms.reader.tails_asleep() == 0);
    for (std::size_t i = 0; i < rooms.logs.size(); ++i) {
        contract::append_texts(rooms.channel, rooms.logs[i], 1);
        contract::wait_for_records(rooms.channel, rooms.sinks[i], 1);
    }
    CHECK(rooms.reader.tails_asleep() == 0);
}

TEST_CASE("kafka: those who sleep are woken when the doorbell is heard no longer") {
    const auto prefix = new_prefix();
    {
        boost::asio::io_context io;
        make_base_topics(io, config_for(prefix));
    }
    Rooms rooms(2, soon_asleep(prefix));
    rooms.wait_until_asleep(2);
    const auto instance = kafka::Instance::make(rooms.channel.io(), kafka::Instance::Kind::producer,
                                                rooms.channel.config(), {}, [](auto) {});
    kafka::Requests(instance).delete_topic(kafka::doorbell_topic(prefix), 5'000, [](auto) {});
    rooms.wait_until_asleep(0);
    rooms.say_something_in_each();
    for (const auto& sink : rooms.sinks) contract::wait_for_records(rooms.channel, sink, 1);
}

TEST_CASE("kafka: no more than so many sleeping tails are looked after at once") {
    boost::asio::io_context io;
    const auto config = config_for(shared_prefix());
    std::vector<CountingSleeper> sleepers(limits::tails_looked_up_at_once * 10);
    kafka::Fetcher fetcher(io, config, {});
    kafka::Sleepers all(io, config, {}, Doorbell::make(io, config));
    for (std::size_t i = 0; i < sleepers.size(); ++i) all.add("topic-" + std::to_string(i), sleepers[i]);
    all.start(fetcher);  // the doorbell has not been heard yet
    const auto woken = std::ranges::count(sleepers, 1, &CountingSleeper::woken);
    CHECK(std::cmp_equal(woken, limits::tails_looked_up_at_once));
    CHECK(all.size() == sleepers.size() - limits::tails_looked_up_at_once);
    all.stop();
}

TEST_CASE("kafka: where the doorbell rings for more topics than are remembered nobody falls asleep") {
    boost::asio::io_context io;
    auto config = config_for(shared_prefix());
    config.tail_silence_ms = 600'000;
    kafka::Fetcher fetcher(io, config, {});
    Doorbell doorbell = Doorbell::make(io, config);
    kafka::Sleepers sleepers(io, config, {}, Doorbell::make(io, config));
    sleepers.start(fetcher);
    REQUIRE(pump_until(io, [&] { return sleepers.may_sleep("another"); }));
    constexpr std::size_t at_once = limits::doorbell_queue_messages / 2;
    for (std::size_t i = 1; i <= limits::doorbells_remembered; ++i) {
        const auto name = "topic-" + std::to_string(i);
        doorbell.ring(name);
        if (i % at_once == 0) REQUIRE(pump_until(io, [&] { return !sleepers.may_sleep(name); }));
        if (i == limits::doorbells_remembered - 1) CHECK(sleepers.may_sleep("another"));
    }
    CHECK_FALSE(sleepers.may_sleep("another"));
    sleepers.stop();
}

TEST_CASE("kafka: rings that find no room in the doorbell's queue are left out") {
    boost::asio::io_context io;
    auto config = config_for(shared_prefix());
    config.set_brokers("127.0.0.1:1");
    Doorbell doorbell = Doorbell::make(io, config);
    for (std::size_t i = 0; i < limits::doorbell_queue_messages; ++i) REQUIRE(doorbell.ring("topic"));
    CHECK_FALSE(doorbell.ring("topic"));
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
