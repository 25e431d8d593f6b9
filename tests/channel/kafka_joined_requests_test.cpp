#include <array>
#include <optional>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/handles.hpp"
#include "shared/channel/kafka/properties.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// What several rooms say at once goes together in a produce request (scripts/librdkafka).
namespace roomcast::channel::kafka_test {
namespace {

using test::pump_until;

constexpr std::size_t many = 24;
// Less than after which librdkafka connects to a broker that nobody asked it to.
constexpr auto answered_within = std::chrono::seconds(10);

Seq seq(std::size_t number) { return Seq{static_cast<std::int64_t>(number)}; }

struct Room {
    LogId log;
    std::unique_ptr<LogWriter> writer;
    AppendTicket last = 0;
};

/// Rooms of one producer; the nth of them holds n records already, so none can be taken for another.
std::vector<Room> rooms_of_different_length(KafkaFixture& channel) {
    std::vector<Room> rooms;
    for (std::size_t i = 0; i < many; ++i) {
        const LogId log = contract::create_log(channel);
        contract::append_texts(channel, log, static_cast<int>(i));
        rooms.push_back({log, channel.appender().open(log)});
    }
    return rooms;
}

void append_to_each(KafkaFixture& channel, std::vector<Room>& rooms, const std::string& text) {
    for (Room& room : rooms) {
        room.last = channel.next_ticket();
        REQUIRE(room.writer->append(contract::make_record(room.log, text), room.last).ok());
    }
}

void wait_for_all(KafkaFixture& channel) {
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
}

/// Of a client made like the appender's: its produce requests so far, by librdkafka's own statistics.
class CountedProducer {
public:
    CountedProducer(const kafka::KafkaConfig& config) {
        auto conf = kafka::make_conf(config, kafka::producer_properties(config));
        REQUIRE(conf.ok());
        std::array<char, 512> why{};
        REQUIRE(rd_kafka_conf_set(conf->get(), "statistics.interval.ms", "50", why.data(), why.size()) ==
                RD_KAFKA_CONF_OK);
        rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_STATS);
        client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), why.data(), why.size()));
        REQUIRE(client_ != nullptr);
        static_cast<void>(conf->release());
        queue_.reset(rd_kafka_queue_get_main(client_.get()));
    }

    /// A record that is to go along with others.
    void produce_waiting(const std::string& topic) {
        const auto handle = kafka::open_waiting_topic(client_.get(), topic);
        REQUIRE(rd_kafka_produce(handle.get(), 0, RD_KAFKA_MSG_F_COPY, nullptr, 0, nullptr, 0, nullptr) == 0);
        ++produced_;
    }

    void produce(const std::string& topic, const std::string& value) {
        REQUIRE(rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                  RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR_NO_ERROR);
        ++produced_;
    }

    /// Waits until all that was produced is reported, and for statistics after that.
    [[nodiscard]] std::size_t requests() {
        const auto deadline = std::chrono::steady_clock::now() + answered_within;
        std::optional<std::size_t> counted;
        while (!counted && std::chrono::steady_clock::now() < deadline) {
            const kafka::EventPtr event(rd_kafka_queue_poll(queue_.get(), 100));
            const auto type = rd_kafka_event_type(event.get());
            if (type == RD_KAFKA_EVENT_DR) reported_ += rd_kafka_event_message_count(event.get());
            if (type == RD_KAFKA_EVENT_STATS && reported_ == produced_)
                counted = produce_requests(rd_kafka_event_stats(event.get()));
        }
        REQUIRE(counted.has_value());
        return *counted;
    }

private:
    static std::size_t produce_requests(std::string_view statistics) {
        constexpr std::string_view name = "\"Produce\":";
        std::size_t sum = 0;
        for (auto at = statistics.find(name); at != std::string_view::npos;
             at = statistics.find(name, at + 1))
            sum += std::stoul(std::string(statistics.substr(at + name.size(), 12)));
        return sum;
    }

    kafka::ClientPtr client_;
    kafka::QueuePtr queue_;
    std::size_t produced_ = 0;
    std::size_t reported_ = 0;
};

std::size_t requests_for_each_room_once(KafkaFixture& channel, const kafka::KafkaConfig& config) {
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < many; ++i)
        topics.push_back(kafka::room_topic(config.topic_prefix, contract::create_log(channel)));
    CountedProducer producer(config);
    for (const auto& topic : topics) producer.produce(topic, "first");  // asks who leads them, and for an id
    const auto before = producer.requests();
    for (const auto& topic : topics) producer.produce(topic, "together");
    return producer.requests() - before;
}

TEST_CASE("kafka: what rooms say while a request is on its way goes together into the next one") {
    REQUIRE(kafka::joins_produce_requests());
    KafkaFixture channel;
    CHECK(requests_for_each_room_once(channel, channel.config()) <= many / 3);
}

TEST_CASE("kafka: no more rooms share a request than are allowed to") {
    auto config = config_for(shared_prefix());
    config.rooms_in_a_request = 1;
    KafkaFixture channel(config);
    CHECK(requests_for_each_room_once(channel, config) == many);
    config.rooms_in_a_request = 5;
    CHECK(requests_for_each_room_once(channel, config) >= (many + 4) / 5);
}

/// A producer that knows some rooms, of which none has said anything for longer than makes it speak often.
struct SlowlyPaced {
    explicit SlowlyPaced(int rtts = 0) : config(channel.config()), producer(paced(config, rtts)) {
        for (std::size_t i = 0; i < many; ++i)
            topics.push_back(kafka::room_topic(config.topic_prefix, contract::create_log(channel)));
        for (const auto& topic : topics) producer.produce(topic, "first");
        static_cast<void>(producer.requests());
        pause(std::chrono::milliseconds(200));
        before = producer.requests();
    }
    static kafka::KafkaConfig paced(kafka::KafkaConfig config, int rtts) {
        config.request_pace_ms = 1'000;
        config.request_pace_rtts = rtts;
        return config;
    }
    void pause(std::chrono::milliseconds length) {
        boost::asio::steady_timer timer(channel.io(), length);
        bool over = false;
        timer.async_wait([&over](auto) { over = true; });
        REQUIRE(pump_until(channel.io(), [&] { return over; }));
    }

    KafkaFixture channel;
    kafka::KafkaConfig config;
    CountedProducer producer;
    std::vector<std::string> topics;
    std::size_t before = 0;
};

TEST_CASE("kafka: rooms that speak seldom wait for each other") {
    SlowlyPaced rooms;
    for (const auto& topic : rooms.topics) {
        rooms.producer.produce(topic, "seldom");
        rooms.pause(std::chrono::milliseconds(10));
    }
    CHECK(rooms.producer.requests() - rooms.before <= 3);
}

TEST_CASE("kafka: rooms that speak seldom wait no longer than a few requests take") {
    SlowlyPaced rooms(2);
    for (const auto& topic : rooms.topics) {
        rooms.producer.produce(topic, "seldom");
        rooms.pause(std::chrono::milliseconds(50));
    }
    CHECK(rooms.producer.requests() - rooms.before >= many / 2);  // 3 where they wait for a second
}

TEST_CASE("kafka: a room that speaks often waits for nobody") {
    SlowlyPaced rooms;
    std::size_t requests = 0;
    for (int round = 0; round < 8 && requests < many / 2; ++round) {  // one a second, if it waited
        for (std::size_t i = 0; i < many; ++i) {
            rooms.producer.produce(rooms.topics.front(), "often");
            rooms.pause(std::chrono::milliseconds(10));
        }
        requests = rooms.producer.requests() - rooms.before;
    }
    CHECK(requests >= many / 2);
}

TEST_CASE("kafka: a ring goes in the request of the record that it is for, and comes by itself without one") {
    SlowlyPaced rooms;
    const auto doorbell = kafka::doorbell_topic(rooms.config.topic_prefix);
    rooms.producer.produce_waiting(doorbell);
    rooms.producer.produce(rooms.topics.front(), "rung for");
    CHECK(rooms.producer.requests() - rooms.before == 1);
    rooms.producer.produce_waiting(doorbell);
    CHECK(rooms.producer.requests() - rooms.before == 2);
}

TEST_CASE("kafka: a leader that nothing is connected to yet is connected to for what rooms say") {
    // By another name than the one that the broker goes by, so that the first connection is not the leader's:
    // with several brokers those that lead nothing known at the start are in the same state.
    KafkaFixture channel;
    auto config = channel.config();
    std::string brokers = config.brokers();
    const auto host = brokers.find("127.0.0.1");
    REQUIRE(host != std::string::npos);
    config.set_brokers(brokers.replace(host, std::string_view("127.0.0.1").size(), "localhost"));
    CHECK(requests_for_each_room_once(channel, config) <= many / 3);
}

TEST_CASE("kafka: each room in a request gets the seq of its own record") {
    KafkaFixture channel;
    auto rooms = rooms_of_different_length(channel);
    for (std::size_t round = 0; round < 3; ++round) {
        append_to_each(channel, rooms, "in a round");
        wait_for_all(channel);
        for (std::size_t i = 0; i < rooms.size(); ++i) {
            const auto* const outcome = channel.listener().find(rooms[i].last);
            REQUIRE(outcome != nullptr);
            REQUIRE(outcome->result.ok());
            CHECK(*outcome->result == seq(i + round));
        }
    }
}

TEST_CASE("kafka: a room that is gone fails alone; those in the request with it are kept, once each") {
    KafkaFixture channel;
    auto rooms = rooms_of_different_length(channel);
    append_to_each(channel, rooms, "all are there");
    wait_for_all(channel);
    constexpr std::size_t gone = 7;
    contract::remove(channel, rooms[gone].log);
    append_to_each(channel, rooms, "one is gone");
    wait_for_all(channel);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        const auto* const outcome = channel.listener().find(rooms[i].last);
        REQUIRE(outcome != nullptr);
        CHECK(outcome->result.ok() == (i != gone));
        if (i == gone) continue;
        const auto bounds = contract::bounds_that_exist(channel, rooms[i].log);
        CHECK(bounds.next == seq(i + 2));
    }
}

TEST_CASE("kafka: rooms whose records are as large as can be share requests too, and nothing is changed") {
    KafkaFixture channel;
    auto rooms = rooms_of_different_length(channel);
    const std::string text(limits::record_value_bytes - 1024, 'x');
    for (int i = 0; i < 3; ++i) append_to_each(channel, rooms, text);
    wait_for_all(channel);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        const auto records = contract::read_pages(channel, rooms[i].log, {seq(i), seq(i + 3)});
        REQUIRE(records.size() == 3);
        for (const auto& stored : records) {
            const bool whole = stored.record.value.find(text) != std::string::npos;
            CHECK(whole);
        }
    }
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
