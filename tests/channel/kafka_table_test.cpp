#include <map>

#include "shared/channel/kafka/admin.hpp"
#include "shared/channel/kafka/properties.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"
#include "tests/channel/kafka_fixture.hpp"

// The compacted topics: the directory when compaction has been at work, and the members.
namespace roomcast::channel::kafka_test {
namespace {

using contract::RecordingTableSink;
using test::pump_until;

const std::chrono::milliseconds parked{kafka::FetchSettings{}.wait_ms};

/// A rooms topic that is compacted as soon as the broker gets to it.
void make_eager_rooms_topic(boost::asio::io_context& io, const kafka::KafkaConfig& config, int partitions) {
    kafka::KafkaLogAdmin admin(io, config);
    std::optional<Result<void>> made;
    admin.ensure_topic({.name = kafka::rooms_topic(config.topic_prefix),
                        .partitions = partitions,
                        .replication_factor = 1,
                        .settings = {{"cleanup.policy", "compact"},
                                     {"segment.ms", "100"},
                                     {"min.cleanable.dirty.ratio", "0.01"},
                                     {"delete.retention.ms", "0"}}},
                       test::patience, [&made](Result<void> outcome) { made = std::move(outcome); });
    REQUIRE(pump_until(io, [&] { return made.has_value(); }));
    REQUIRE_MESSAGE(made->ok(), made->error().detail);
}

class RecordingMembersSink final : public MembersSink {
public:
    std::map<std::string, std::string> last;
    int heard = 0;
    void on_member(const NodeId& node, std::string_view value) override {
        last[node.str()] = std::string(value);
        ++heard;
    }
};

Result<void> announce(boost::asio::io_context& io, MembersLog& members, const NodeId& node,
                      std::string value) {
    std::optional<Result<void>> done;
    members.announce(node, std::move(value), [&done](Result<void> outcome) { done = std::move(outcome); });
    REQUIRE(pump_until(io, [&] { return done.has_value(); }));
    return *done;
}

TEST_CASE("kafka: a slot that compaction has holed is followed to its end, with the last value of each key") {
    const auto config = config_for(new_prefix());
    boost::asio::io_context io;
    make_eager_rooms_topic(io, config, slot_count);
    make_base_topics(io, config);
    KafkaFixture channel(config);
    const Slot slot{3};
    int appended = 0;
    const auto append = [&](const std::string& key, std::optional<std::string> value) {
        ++appended;
        return contract::append_to_table(channel, slot, key, std::move(value));
    };
    for (int i = 0; i < 20; ++i) append("busy", std::to_string(i));
    append("doomed", "1");
    append("doomed", std::nullopt);
    // Each look appends one record, because only a new segment closes the old one, which is then compacted.
    const auto look = [&] {
        append("look", "x");
        RecordingTableSink sink;
        const auto following = channel.table().follow(slot, sink);
        REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
        return std::move(sink.entries);
    };
    std::vector<RecordingTableSink::Entry> entries;
    const auto doomed = [&] {
        return std::ranges::count(entries, "doomed", &RecordingTableSink::Entry::key);
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {
        entries = look();
        // Between two looks the loop turns until something compacted may have happened.
        static_cast<void>(pump_until(
            channel.io(), [] { return false; }, std::chrono::milliseconds(250)));
    } while (doomed() > 0 && std::chrono::steady_clock::now() < deadline);
    CHECK(doomed() == 0);  // the tombstone too
    CHECK(entries.size() < static_cast<std::size_t>(appended));
    std::map<std::string, std::string> last;
    for (const auto& entry : entries) last[entry.key] = entry.value.value_or("");
    CHECK(last == std::map<std::string, std::string>{{"busy", "19"}, {"look", "x"}});
}

TEST_CASE("kafka: a slot can be followed, dropped and followed again") {
    KafkaFixture channel;
    const Slot slot{21};
    const auto seq = contract::append_to_table(channel, slot, make_epoch().str(), "v");
    for (int round = 0; round < 5; ++round) {
        RecordingTableSink sink;
        const auto following = channel.table().follow(slot, sink);
        REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
        CHECK(sink.entries.back().seq == seq);
    }
}

TEST_CASE(
    "kafka: what comes while a following moves to where fetches are parked is shown once, and in order") {
    KafkaFixture channel;
    const Slot slot{22};
    RecordingTableSink sink;
    const auto following = channel.table().follow(slot, sink);
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
    const auto before = sink.entries.size();
    std::vector<Seq> seqs;
    const auto until = std::chrono::steady_clock::now() + 2 * parked;
    while (std::chrono::steady_clock::now() < until)
        seqs.push_back(contract::append_to_table(channel, slot, make_epoch().str(), "v"));
    REQUIRE(pump_until(channel.io(), [&] { return sink.entries.size() >= before + seqs.size(); }));
    std::vector<Seq> shown;
    for (auto entry = sink.entries.begin() + static_cast<std::ptrdiff_t>(before); entry != sink.entries.end();
         ++entry)
        shown.push_back(entry->seq);
    CHECK(shown == seqs);
}

TEST_CASE("kafka: a slot that is current is fetched seldom") {
    auto config = config_for(shared_prefix());
    config.properties["debug"] = "fetch";
    int fetches = 0;
    config.log = [&fetches](int /*level*/, std::string_view /*facility*/, std::string_view text) {
        if (text.find("toppar(s)") != std::string_view::npos) ++fetches;
    };
    KafkaFixture channel(config);
    RecordingTableSink sink;
    const auto following = channel.table().follow(Slot{23}, sink);
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
    const auto fetched_in_a_second = [&] {
        fetches = 0;
        static_cast<void>(pump_until(
            channel.io(), [] { return false; }, std::chrono::seconds(1)));
        return fetches;
    };
    CHECK(pump_until(channel.io(), [&] { return fetched_in_a_second() <= 2; }));
}

TEST_CASE("kafka: a slot shows everything at once, though the fetches of another one are parked") {
    KafkaFixture channel;
    const Slot slot{25};
    const auto first = contract::append_to_table(channel, slot, make_epoch().str(), "v");
    RecordingTableSink other;
    const auto other_following = channel.table().follow(Slot{24}, other);
    REQUIRE(pump_until(channel.io(), [&] { return !other.current.empty(); }));

    RecordingTableSink sink;
    const auto following = channel.table().follow(slot, sink);
    const auto shows = [&](Seq seq) {
        return pump_until(
            channel.io(), [&] { return !sink.entries.empty() && sink.entries.back().seq == seq; },
            parked / 2);
    };
    CHECK(shows(first));
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
    CHECK(shows(contract::append_to_table(channel, slot, make_epoch().str(), "v")));
}

TEST_CASE("kafka: a slot whose start retention has moved is followed from there, also when nothing is left") {
    KafkaFixture channel(config_for(new_prefix()));
    const auto topic = kafka::table_topic(channel.config().topic_prefix, Table::tokens);
    kafka::KafkaLogAdmin admin(channel.io(), channel.config());
    std::optional<Result<void>> made;
    admin.ensure_topic({.name = topic,
                        .partitions = 1,
                        .replication_factor = 1,
                        .settings = {{"cleanup.policy", "compact,delete"}}},
                       test::patience, [&made](Result<void> outcome) { made = std::move(outcome); });
    REQUIRE(pump_until(channel.io(), [&] { return made.has_value(); }));
    REQUIRE(made->ok());
    auto& table = channel.table(Table::tokens);
    std::vector<Seq> seqs;
    for (int i = 0; i < 4; ++i)
        table.append(Slot{0}, std::to_string(i), "value", [&](Result<Seq> kept) {
            REQUIRE(kept.ok());
            seqs.push_back(*kept);
        });
    REQUIRE(pump_until(channel.io(), [&] { return seqs.size() == 4; }));
    for (const Seq start : {seqs[2], seqs[3].next()}) {
        delete_records_before(channel, topic, start);
        RecordingTableSink sink;
        const auto following = table.follow(Slot{0}, sink);
        REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
        CHECK(sink.entries.size() == static_cast<std::size_t>(seqs[3].next().value - start.value));
        if (!sink.entries.empty()) CHECK(sink.entries.front().seq == start);
    }
}

TEST_CASE("kafka: the tables' topics are made with their settings") {
    KafkaFixture channel;
    const auto& prefix = channel.config().topic_prefix;
    CHECK(settings_of(channel, kafka::table_topic(prefix, Table::rooms))["cleanup.policy"] == "compact");
    CHECK(settings_of(channel, kafka::table_topic(prefix, Table::accounts))["cleanup.policy"] == "compact");
    auto tokens = settings_of(channel, kafka::table_topic(prefix, Table::tokens));
    CHECK(tokens["cleanup.policy"] == "compact,delete");
    CHECK(tokens["retention.ms"] == std::to_string(limits::token_log_retention_ms));
}

TEST_CASE("kafka: a rooms topic with the wrong number of partitions is refused at start-up") {
    const auto config = config_for(new_prefix());
    boost::asio::io_context io;
    make_eager_rooms_topic(io, config, 3);
    std::optional<Result<void>> made;
    kafka::ensure_base_topics(io, config, test::patience,
                              [&made](Result<void> outcome) { made = std::move(outcome); });
    REQUIRE(pump_until(io, [&] { return made.has_value(); }));
    REQUIRE_FALSE(made->ok());
    CHECK(made->error().detail.find("has 3 partitions and must have 64") != std::string::npos);
}

TEST_CASE("kafka: base topics that no broker can be asked for fail at the limit") {
    auto config = config_for(new_prefix());
    config.set_brokers("127.0.0.1:1");
    boost::asio::io_context io;
    std::optional<Result<void>> made;
    kafka::ensure_base_topics(io, config, std::chrono::milliseconds(500),
                              [&made](Result<void> outcome) { made = std::move(outcome); });
    REQUIRE(pump_until(
        io, [&] { return made.has_value(); }, std::chrono::seconds(3)));
    REQUIRE_FALSE(made->ok());
    CHECK(name_of(made->error().code) == name_of(Errc::unavailable));
}

TEST_CASE("kafka: announcements reach those who follow, before and after, until they are taken back") {
    boost::asio::io_context io;
    const auto config = config_for(shared_prefix());
    const auto members = kafka::make_members_log(io, config);
    const auto node = NodeId::trusted("worker-" + make_epoch().str());
    REQUIRE(announce(io, *members, node, "one").ok());
    RecordingMembersSink sink;
    const auto following = members->follow(sink);
    CHECK(sink.heard == 0);  // never from inside the call
    REQUIRE(pump_until(io, [&] { return sink.last[node.str()] == "one"; }));
    REQUIRE(announce(io, *members, node, "two").ok());
    REQUIRE(pump_until(io, [&] { return sink.last[node.str()] == "two"; }));
    REQUIRE(announce(io, *members, node, "").ok());
    REQUIRE(pump_until(io, [&] { return sink.last[node.str()].empty(); }));
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
