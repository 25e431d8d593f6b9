#include <filesystem>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// A broker of the test's own, which it freezes and kills.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingSink;
using test::pump_until;
using namespace std::chrono_literals;

bool can_bind(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return bound;
}

/// Below the ports that the kernel hands out: a client that keeps connecting to one of those, with nobody
/// listening, sooner or later connects to itself, and the broker does not get its port back.
int free_port() {
    std::random_device random;
    std::uniform_int_distribution<int> ports(21'000, 31'999);
    for (;;) {
        if (const int port = ports(random); can_bind(port)) return port;
    }
}

class OwnBroker {
public:
    OwnBroker() : port_(free_port()), controller_port_(free_port()) {
        std::string pattern = (std::filesystem::temp_directory_path() / "roomcast-broker-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        dir_ = pattern;
        start();
    }
    ~OwnBroker() {
        static_cast<void>(run("kill", ""));
        std::filesystem::remove_all(dir_);
    }
    OwnBroker(const OwnBroker&) = delete;
    OwnBroker& operator=(const OwnBroker&) = delete;

    void start() {
        REQUIRE(run("start", " --heap 256m --port " + std::to_string(port_) + " --controller-port " +
                                 std::to_string(controller_port_)) == 0);
    }
    void signal(const std::string& name) { REQUIRE(run("kill", " " + name) == 0); }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

private:
    [[nodiscard]] int run(const std::string& command, const std::string& options) const {
        const auto script = std::filesystem::path(ROOMCAST_SOURCE_DIR) / "scripts/broker";
        return std::system(
            (script.string() + " " + command + " --dir " + dir_ + "/1" + options + " >/dev/null").c_str());
    }

    int port_;
    int controller_port_;
    std::string dir_;
};

kafka::KafkaConfig config_of(const OwnBroker& broker) {
    auto config = config_for(new_prefix());
    config.set_brokers(broker.address());
    return config;
}

/// Appends until one is acked.
void append_until_acked(KafkaFixture& channel, LogWriter& writer, const LogId& log) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!append_once(channel, writer, log).ok()) REQUIRE(std::chrono::steady_clock::now() < deadline);
}

TEST_CASE("kafka: while the broker is frozen appends and requests fail in time, and after it all goes on") {
    OwnBroker broker;
    const auto config = config_of(broker);
    boost::asio::io_context io;
    make_base_topics(io, config);
    KafkaFixture channel(config);
    const LogId log = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    REQUIRE(append_once(channel, *writer, log).ok());
    contract::wait_for_records(channel, sink, 1);

    broker.signal("STOP");
    const auto start = std::chrono::steady_clock::now();
    const auto asked = contract::bounds(channel, log);
    REQUIRE_FALSE(asked.ok());
    CHECK(name_of(asked.error().code) == name_of(Errc::unavailable));
    CHECK(std::chrono::steady_clock::now() - start <
          std::chrono::milliseconds(limits::channel_request_deadline_ms) + 1s);
    const auto page = contract::read(channel, log, {Seq{0}, Seq{1}});
    REQUIRE_FALSE(page.ok());
    CHECK(name_of(page.error().code) == name_of(Errc::unavailable));
    const auto appending = std::chrono::steady_clock::now();
    const auto appended = append_once(channel, *writer, log);
    REQUIRE_FALSE(appended.ok());
    CHECK(retryable(appended.error().code));
    CHECK(std::chrono::steady_clock::now() - appending <
          std::chrono::milliseconds(limits::append_deadline_ms) + 2s);

    broker.signal("CONT");
    const auto before = sink.records.size();
    append_until_acked(channel, *writer, log);
    contract::wait_for_records(channel, sink, before + 1);
    CHECK(contract::bounds(channel, log).ok());
}

TEST_CASE("kafka: a broker that is killed and started again loses nothing that was acked, and tails go on") {
    OwnBroker broker;
    const auto config = config_of(broker);
    boost::asio::io_context io;
    make_base_topics(io, config);
    KafkaFixture channel(config);
    const LogId log = contract::create_log(channel);
    const auto writer = channel.appender().open(log);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    const auto acked = contract::append_texts(channel, log, 100);
    contract::wait_for_records(channel, sink, 100);

    broker.signal("KILL");
    const auto ticket = channel.next_ticket();
    REQUIRE(writer->append(contract::make_record(log, "during the outage"), ticket).ok());
    broker.start();
    REQUIRE(pump_until(channel.io(), [&] { return channel.listener().find(ticket) != nullptr; }));
    append_until_acked(channel, *writer, log);
    const auto bounds = contract::bounds(channel, log);
    REQUIRE(bounds.ok());
    REQUIRE(pump_until(channel.io(), [&] { return sink.records.back().seq >= bounds->next.previous(); }));
    CHECK_FALSE(sink.failure.has_value());
    const auto seen = contract::seqs_of(sink.records);
    CHECK(std::ranges::includes(seen, acked));
    CHECK(std::ranges::adjacent_find(seen, std::greater_equal<>{}) == seen.end());
}

/// The records of a room, in their order, by the ids under which they were appended.
std::vector<MessageId> ids_in(KafkaFixture& channel, const LogId& log) {
    const auto bounds = contract::bounds_that_exist(channel, log);
    std::vector<MessageId> ids;
    for (const auto& stored : contract::read_pages(channel, log, {bounds.first, bounds.next}))
        ids.push_back(stored.record.id);
    return ids;
}

TEST_CASE("kafka: rooms that share requests lose and double nothing when their broker is killed meanwhile") {
    constexpr std::size_t rooms = 24;
    constexpr int rounds = 20;
    struct Appended {
        MessageId id;
        AppendTicket ticket;
    };
    OwnBroker broker;
    const auto config = config_of(broker);
    boost::asio::io_context io;
    make_base_topics(io, config);
    KafkaFixture channel(config);
    std::vector<LogId> logs;
    std::vector<std::unique_ptr<LogWriter>> writers;
    for (std::size_t i = 0; i < rooms; ++i) {
        logs.push_back(contract::create_log(channel));
        writers.push_back(channel.appender().open(logs.back()));
    }
    std::vector<std::vector<Appended>> appended(rooms);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < rooms; ++i) {
            const auto record = contract::make_record(logs[i], "in the rounds");
            appended[i].push_back({record.id, channel.next_ticket()});
            REQUIRE(writers[i]->append(record, appended[i].back().ticket).ok());
        }
        const std::size_t some = channel.listener().outcomes.size() + rooms / 2;
        if (round == rounds / 2) broker.signal("KILL");
        if (round < rounds / 2)
            REQUIRE(pump_until(channel.io(), [&] { return channel.listener().outcomes.size() >= some; }));
    }
    broker.start();
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    for (std::size_t i = 0; i < rooms; ++i) {
        const auto there = ids_in(channel, logs[i]);
        std::vector<MessageId> expected;  // what was reported kept, and of the rest what is there
        for (const auto& [id, ticket] : appended[i]) {
            const auto* const outcome = channel.listener().find(ticket);
            REQUIRE(outcome != nullptr);
            if (outcome->result.ok() || std::ranges::find(there, id) != there.end()) expected.push_back(id);
        }
        CHECK(there == expected);
    }
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
