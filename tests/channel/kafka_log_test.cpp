#include "shared/channel/kafka/appender.hpp"
#include "shared/channel/kafka/log_reader.hpp"
#include "shared/channel/kafka/producer.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// What Kafka alone can do to a room's log.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;
using test::pump_until;

/// Puts a message into a room's topic as any other Kafka program could.
void produce_foreign(KafkaFixture& channel, const LogId& log, std::optional<std::string_view> value,
                     kafka::HeadersPtr headers = nullptr) {
    std::optional<Result<Seq>> outcome;
    kafka::Producer producer(channel.io(), channel.config(), [&outcome](std::uint64_t, Result<Seq> reported) {
        outcome = std::move(reported);
    });
    const auto topic = producer.open(kafka::room_topic(channel.config().topic_prefix, log));
    kafka::Producer::Message message;
    message.key = "whoever";
    message.value = value;
    message.headers = std::move(headers);
    REQUIRE(producer.produce(*topic, std::move(message), 1).ok());
    REQUIRE(pump_until(channel.io(), [&] { return outcome.has_value(); }));
    REQUIRE(outcome->ok());
}

struct Filled {
    std::size_t accepted = 0;
    std::optional<Error> refused;
};

/// Appends until that is refused, or more than `most` were accepted; `append` is told how many were before.
template <class Append>
Filled fill(std::size_t most, Append append) {
    Filled filled;
    while (!filled.refused && filled.accepted <= most) {
        const Result<void> queued = append(filled.accepted);
        if (queued) {
            ++filled.accepted;
        } else {
            filled.refused = queued.error();
        }
    }
    return filled;
}

TEST_CASE("kafka: a log's retention can be changed, and its other settings stay") {
    auto config = config_for(shared_prefix());
    config.retention_ms = 7'200'000;
    KafkaFixture channel(config);
    const LogId log = contract::new_log_id();
    contract::create(channel, log, {.retention_ms = 3'600'000});
    const auto topic = kafka::room_topic(config.topic_prefix, log);
    auto expected = settings_of(channel, topic);
    CHECK(expected["retention.ms"] == "3600000");
    CHECK(expected["cleanup.policy"] == "delete");
    CHECK(expected["index.interval.bytes"] == "16384");
    CHECK(expected["segment.index.bytes"] == "262144");
    // The controller answers; the broker that is asked afterwards hears of it a moment later.
    const auto comes_true = [&] {
        return pump_until(channel.io(), [&] { return settings_of(channel, topic) == expected; });
    };
    REQUIRE(contract::configure(channel, log, {.retention_ms = 90'000}).ok());
    expected["retention.ms"] = "90000";
    CHECK(comes_true());
    REQUIRE(contract::configure(channel, log, {}).ok());  // the operator's
    expected["retention.ms"] = "7200000";
    CHECK(comes_true());
}

TEST_CASE("kafka: records that are not ours are skipped and counted") {
    auto config = config_for(shared_prefix());
    int counted = 0;
    config.on_foreign_record = [&counted] { ++counted; };
    KafkaFixture channel(config);
    const LogId log = contract::create_log(channel);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    const auto before = contract::append_texts(channel, log, 1).front();
    const std::string ours = contract::make_record(log, "forged").value;
    produce_foreign(channel, log, "hello");
    produce_foreign(channel, log, std::nullopt);
    produce_foreign(channel, log, ours);  // without the headers
    Record elsewhere = contract::make_record(contract::new_log_id(), "of another room");
    kafka::HeadersPtr headers(rd_kafka_headers_new(2));
    rd_kafka_header_add(headers.get(), "id", -1, "1", 1);
    rd_kafka_header_add(headers.get(), "user", -1, "u", 1);
    produce_foreign(channel, log, elsewhere.value, std::move(headers));
    const auto after = contract::append_texts(channel, log, 1).front();

    contract::wait_for_records(channel, sink, 2);
    CHECK(contract::seqs_of(sink.records) == std::vector<Seq>{before, after});
    CHECK(counted == 4);
    const auto page = contract::read(channel, log, {before, after.next()});
    REQUIRE(page.ok());
    CHECK(contract::seqs_of(page->records) == std::vector<Seq>{before, after});
    const auto foreign_only = contract::read(channel, log, {before.next(), after});
    REQUIRE(foreign_only.ok());
    CHECK(foreign_only->records.empty());
    CHECK(foreign_only->next >= after);
}

TEST_CASE("kafka: a start that retention has passed is not found, by read and by tail") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    const auto seqs = contract::append_texts(channel, log, 20);
    delete_records_before(channel, kafka::room_topic(channel.config().topic_prefix, log), seqs[10]);
    const auto bounds = contract::bounds(channel, log);
    REQUIRE(bounds.ok());
    CHECK(bounds->first == seqs[10]);
    const auto page = contract::read(channel, log, {seqs[5], seqs[15]});
    REQUIRE_FALSE(page.ok());
    CHECK(name_of(page.error().code) == name_of(Errc::not_found));
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, seqs[5], sink);
    REQUIRE(pump_until(channel.io(), [&] { return sink.failure.has_value(); }));
    CHECK(name_of(sink.failure->code) == name_of(Errc::not_found));
}

TEST_CASE("kafka: a topic deleted under a tail ends it with room_gone within five seconds") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    contract::append_texts(channel, log, 1);
    contract::wait_for_records(channel, sink, 1);
    contract::remove(channel, log);
    REQUIRE(pump_until(
        channel.io(), [&] { return sink.failure.has_value(); }, std::chrono::seconds(5)));
    CHECK(name_of(sink.failure->code) == name_of(Errc::room_gone));
}

TEST_CASE(
    "kafka: a topic deleted under a writer fails its appends within the append deadline, and no others") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    const LogId other = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    REQUIRE(append_once(channel, *writer, log).ok());
    contract::remove(channel, log);
    for (int i = 0; i < 3; ++i) {
        const auto outcome = append_once(channel, *writer, log);
        REQUIRE_FALSE(outcome.ok());
        CHECK_MESSAGE((outcome.error().code == Errc::room_gone || outcome.error().code == Errc::unavailable ||
                       outcome.error().code == Errc::unknown_outcome),
                      name_of(outcome.error().code));
    }
    contract::append_texts(channel, other, 10);
}

TEST_CASE(
    "kafka: a fatal producer error reports what is in flight, and later appends work through the same "
    "writer") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    REQUIRE(append_once(channel, *writer, log).ok());
    std::vector<AppendTicket> tickets;
    for (int i = 0; i < 500; ++i) {
        tickets.push_back(channel.next_ticket());
        REQUIRE(writer->append(contract::make_record(log, "in flight"), tickets.back()).ok());
    }
    dynamic_cast<kafka::KafkaAppender&>(channel.appender()).fail_fatally();
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    int kept = 0;
    int unknown = 0;
    for (const auto ticket : tickets) {
        const auto* outcome = channel.listener().find(ticket);
        REQUIRE(outcome != nullptr);
        if (outcome->result.ok()) ++kept;
        if (!outcome->result.ok() && outcome->result.error().code == Errc::unknown_outcome) ++unknown;
    }
    CHECK(channel.listener().outcomes.size() == 501);
    const auto after = append_once(channel, *writer, log);
    REQUIRE_MESSAGE(after.ok(), after.error().detail);
    // What was reported as refused is not there.
    const auto bounds = contract::bounds(channel, log);
    REQUIRE(bounds.ok());
    CHECK(bounds->next.value <= 2 + kept + unknown);
    CHECK(bounds->next.value >= 2 + kept);
}

TEST_CASE("kafka: a full queue answers busy and works again when it has emptied") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    const auto [accepted, refused] = fill(limits::producer_queue_messages, [&](std::size_t) {
        return writer->append(contract::make_record(log, "x"), channel.next_ticket());
    });
    REQUIRE(refused.has_value());
    CHECK(name_of(refused->code) == name_of(Errc::busy));
    CHECK(accepted == limits::producer_queue_messages);
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    CHECK(channel.listener().outcomes.size() == accepted);
    REQUIRE(append_once(channel, *writer, log).ok());
}

TEST_CASE(
    "kafka: writers spread over producers, a further one only when the others have their share, up to the "
    "most") {
    auto config = config_for(shared_prefix());
    config.rooms_before_spreading = 2;
    config.producers = 2;
    KafkaFixture channel(config);
    kafka::KafkaAppender appender(channel.io(), config, channel.listener());
    std::vector<std::unique_ptr<LogWriter>> writers;
    std::vector<std::size_t> producers;
    const LogId log = contract::create_log(channel);
    for (int i = 0; i < 5; ++i) {
        writers.push_back(appender.open(i == 0 ? log : contract::new_log_id()));
        producers.push_back(appender.producers());
    }
    CHECK(producers == std::vector<std::size_t>{1, 1, 2, 2, 2});
    REQUIRE(append_once(channel, *writers.front(), log).ok());
    writers.clear();
    for (int i = 0; i < 5; ++i) writers.push_back(appender.open(i == 0 ? log : contract::new_log_id()));
    CHECK(appender.producers() == 2);
    CHECK(append_once(channel, *writers.front(), log).ok());  // by whichever it is now
}

TEST_CASE("kafka: a writer that is asked reports what is known, without the loop; the loop does by itself") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    REQUIRE(append_once(channel, *writer, log).ok());
    const auto ticket = channel.next_ticket();
    REQUIRE(writer->append(contract::make_record(log, "asked for"), ticket).ok());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (channel.listener().find(ticket) == nullptr && std::chrono::steady_clock::now() < deadline)
        writer->collect();
    const auto* const outcome = channel.listener().find(ticket);
    REQUIRE(outcome != nullptr);
    REQUIRE(outcome->result.ok());
    CHECK(*outcome->result == Seq{1});
    CHECK(channel.appender().in_flight() == 0);
    REQUIRE(append_once(channel, *writer, log).ok());
}

TEST_CASE(
    "kafka: the bytes that all producers hold together have one limit, then busy, until they are kept") {
    auto config = config_for(shared_prefix());
    config.rooms_before_spreading = 1;
    config.producers = 2;
    KafkaFixture channel(config);
    kafka::KafkaAppender appender(channel.io(), config, channel.listener());
    const LogId one = contract::create_log(channel);
    const LogId other = contract::create_log(channel);
    const std::array writers{appender.open(one), appender.open(other)};
    REQUIRE(appender.producers() == 2);
    const std::string text(limits::record_value_bytes - 1024, 'x');
    constexpr auto limit = limits::producer_queue_kbytes * 1024;
    const auto [accepted, refused] = fill(2 * limit / text.size(), [&](std::size_t number) {
        const bool odd = number % 2 == 1;
        return writers[odd ? 1 : 0]->append(contract::make_record(odd ? other : one, text),
                                            channel.next_ticket());
    });
    REQUIRE(refused.has_value());
    CHECK(name_of(refused->code) == name_of(Errc::busy));
    CHECK(accepted * limits::record_value_bytes >= limit);
    CHECK(accepted * text.size() < limit + limits::record_value_bytes);
    REQUIRE(pump_until(channel.io(), [&] { return appender.in_flight() == 0; }));
    CHECK(channel.listener().outcomes.size() == accepted);
    CHECK(append_once(channel, *writers.front(), one).ok());
}

TEST_CASE("kafka: many logs are read at once, and many times the same one") {
    KafkaFixture channel;
    std::vector<LogId> logs;
    for (int i = 0; i < 5; ++i) {
        logs.push_back(contract::create_log(channel));
        contract::append_texts(channel, logs.back(), 50);
    }
    int left = 100;
    for (int i = 0; i < 100; ++i) {
        channel.reader().read(logs[static_cast<std::size_t>(i % 5)], {Seq{i / 5}, Seq{40}},
                              [&left, i](const Result<ReadResult>& page) {
                                  REQUIRE(page.ok());
                                  REQUIRE(page->records.size() == static_cast<std::size_t>(40 - i / 5));
                                  CHECK(page->records.front().seq == Seq{i / 5});
                                  --left;
                              });
    }
    REQUIRE(pump_until(channel.io(), [&] { return left == 0; }));
}

TEST_CASE("kafka: what is asked of a reader that is destroyed is not answered, and its tails fall silent") {
    KafkaFixture channel;
    const LogId log = contract::create_log(channel);
    contract::append_texts(channel, log, 5);
    auto reader = kafka::make_log_reader(channel.io(), channel.config(), NodeId::trusted("short-lived"));
    RecordingSink sink;
    int answers = 0;
    const auto tail = reader->tail(log, Seq{0}, sink);
    reader->bounds(log, [&answers](const Result<Bounds>&) { ++answers; });
    reader->read(log, {Seq{0}, Seq{5}}, [&answers](const Result<ReadResult>&) { ++answers; });
    reader->seek(log, 0, [&answers](const Result<Seq>&) { ++answers; });
    reader.reset();
    contract::append_texts(channel, log, 5);
    REQUIRE(contract::bounds(channel, log).ok());
    CHECK(answers == 0);
    CHECK(sink.records.empty());
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
