#include "producer/publisher.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"

namespace roomcast::producer {
namespace {

const RoomSlug general = RoomSlug::trusted("general");
const LogId log_id{general, Epoch::trusted("e1")};

struct Outcomes final : channel::AppendListener {
    void on_appended(channel::AppendTicket ticket, Seq seq) override { kept.emplace_back(ticket, seq); }
    void on_append_failed(channel::AppendTicket ticket, Error error) override {
        failed.emplace_back(ticket, error.code);
    }
    std::vector<std::pair<channel::AppendTicket, Seq>> kept;
    std::vector<std::pair<channel::AppendTicket, Errc>> failed;
};

Result<channel::Record> record(std::string_view text) {
    return make_record(general, MessageId::trusted("c1"), UserName::trusted("Al\"ice"), text,
                       1'795'255'200'123);
}

}  // namespace

TEST_CASE("a record is the message as clients see it, stamped") {
    const auto made = record("h\u00e9 \"quoted\"\n");
    REQUIRE(made);
    CHECK(made->id.str() == "c1");
    CHECK(made->user.str() == "Al\"ice");
    CHECK(made->time == 1'795'255'200'123);
    const auto value = nlohmann::json::parse(made->value);
    CHECK(value["text"] == "h\u00e9 \"quoted\"\n");
    CHECK(value["time"] == "2026-11-21T10:00:00.123Z");
    CHECK_FALSE(value.contains("seq"));
}

TEST_CASE("a text beyond its limit, or not UTF-8, makes no record; the longest makes one that fits the log") {
    CHECK(record(std::string(limits::message_text_bytes + 1, 'x')).error().code == Errc::text_too_long);
    CHECK(record("\xC3").error().code == Errc::bad_frame);
    CHECK(record("\xED\xA0\x80").error().code == Errc::bad_frame);
    const auto worst = record(std::string(limits::message_text_bytes, '\x01'));  // six bytes each, escaped
    REQUIRE(worst);
    CHECK(worst->value.size() > 6 * limits::message_text_bytes);
    CHECK(worst->value.size() <= limits::record_value_bytes);
}

TEST_CASE("messages of one room go through one writer, in the order in which they were given") {
    boost::asio::io_context io;
    test::FakeChannel channel(io);
    Outcomes outcomes;
    channel.report_to(outcomes);
    channel.make_log(log_id);
    Publisher publisher(channel);
    for (channel::AppendTicket ticket = 1; ticket <= 5; ++ticket)
        CHECK(publisher.publish(log_id, *record("x"), ticket));
    CHECK(channel.writers_open == 1);
    CHECK(outcomes.kept.empty());
    test::pump_ready(io);
    REQUIRE(outcomes.kept.size() == 5);
    for (std::int64_t i = 0; i < 5; ++i)
        CHECK(outcomes.kept[static_cast<std::size_t>(i)] == std::pair{channel::AppendTicket(i + 1), Seq{i}});
    publisher.close_idle();  // used just now
    CHECK(channel.writers_open == 1);
    publisher.close(log_id);
    CHECK(channel.writers_open == 0);
}

TEST_CASE("a full queue is told at once, a failure by its ticket") {
    boost::asio::io_context io;
    test::FakeChannel channel(io);
    Outcomes outcomes;
    channel.report_to(outcomes);
    channel.make_log(log_id);
    Publisher publisher(channel);
    channel.queue_full = true;
    CHECK(publisher.publish(log_id, *record("x"), 1).error().code == Errc::busy);
    channel.queue_full = false;
    channel.append_error = Error{Errc::unknown_outcome, {}};
    CHECK(publisher.publish(log_id, *record("x"), 2));
    test::pump_ready(io);
    CHECK(outcomes.kept.empty());
    CHECK(outcomes.failed == std::vector<std::pair<channel::AppendTicket, Errc>>{{2, Errc::unknown_outcome}});
}

}  // namespace roomcast::producer
