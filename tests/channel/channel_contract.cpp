#include "tests/channel/channel_contract.hpp"

#include "shared/core/limits.hpp"
#include "tests/support/pump.hpp"

// The part of the contract about what is appended to rooms' logs, and those who follow them. Seqs may have
// gaps here: nothing below counts with them.
namespace roomcast::channel::contract {
namespace {

using test::pump_until;

void check_same(const Record& got, const Record& sent) {
    CHECK(got.id == sent.id);
    CHECK(got.user == sent.user);
    CHECK(got.time == sent.time);
    CHECK((got.value == sent.value));  // in brackets: doctest would print all of it
}

}  // namespace

void append_answers_with_rising_seqs(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto writer = channel.appender().open(log);
    std::vector<AppendTicket> tickets;
    for (int i = 0; i < 100; ++i) {
        tickets.push_back(channel.next_ticket());
        REQUIRE(writer->append(make_record(log, std::to_string(i)), tickets.back()).ok());
    }
    CHECK(channel.listener().outcomes.empty());  // never from inside the call
    CHECK(channel.appender().in_flight() == 100);

    const auto& outcomes = channel.listener().outcomes;
    REQUIRE(pump_until(channel.io(), [&] { return outcomes.size() >= 100; }));
    std::vector<AppendTicket> answered;
    std::vector<Seq> seqs;
    for (const auto& outcome : outcomes) {
        REQUIRE(outcome.result.ok());
        answered.push_back(outcome.ticket);
        seqs.push_back(*outcome.result);
    }
    CHECK(answered == tickets);
    CHECK(rises_strictly(seqs));
    CHECK(channel.appender().in_flight() == 0);
}

void append_to_a_missing_log_fails(ChannelFixture& channel) {
    const LogId log = new_log_id();
    const auto writer = channel.appender().open(log);
    const AppendTicket ticket = channel.next_ticket();
    REQUIRE(writer->append(make_record(log, "to nobody"), ticket).ok());
    REQUIRE(pump_until(channel.io(), [&] { return channel.listener().find(ticket) != nullptr; }));
    const auto& result = channel.listener().find(ticket)->result;
    REQUIRE_FALSE(result.ok());
    const bool told = result.error().code == Errc::room_gone || result.error().code == Errc::unavailable;
    CHECK_MESSAGE(told, name_of(result.error().code));
    CHECK(channel.appender().in_flight() == 0);
}

void append_of_an_oversized_value_is_refused(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto writer = channel.appender().open(log);
    Record record = make_record(log, "");
    record.value.resize(limits::record_value_bytes + 1, 'x');
    check_code(writer->append(std::move(record), channel.next_ticket()), Errc::too_large);
    CHECK(channel.appender().in_flight() == 0);

    const auto seqs = append_texts(channel, log, 1);
    CHECK(channel.listener().outcomes.size() == 1);
    const Bounds around = bounds_that_exist(channel, log);
    CHECK(seqs_of(read_pages(channel, log, {around.first, around.next})) == seqs);
}

void values_come_back_byte_for_byte(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const TimeMs time = now_ms();
    const std::string head = R"({"type":"message","room":")" + log.room.str() + R"(",)";
    std::vector<Record> sent = {
        {MessageId::trusted("!id~1"), UserName::trusted("Zoë 🦊"), time,
         head + "\n\t\"text\": \"κόσμε — 你好 🎉\"\r\n}"},
        {MessageId::trusted(std::string(64, 'i')), UserName::trusted(std::string(64, 'u')), time + 1,
         head + "'; -- \\ \x01\x7f %s}"},
        {MessageId::trusted("3"), UserName::trusted("b"), time - 5000, head + "}"},
    };
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, bounds_that_exist(channel, log).first, sink);
    const auto seqs = append(channel, log, sent);
    wait_for_records(channel, sink, sent.size());
    RecordingSink late_sink;  // from the disk, where the first may come from memory
    const auto late_tail = channel.reader().tail(log, seqs.front(), late_sink);
    wait_for_records(channel, late_sink, sent.size());
    const auto read_back = read_pages(channel, log, {seqs.front(), seqs.back().next()});
    REQUIRE(read_back.size() == sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        check_same(sink.records[i].record, sent[i]);
        check_same(late_sink.records[i].record, sent[i]);
        check_same(read_back[i].record, sent[i]);
    }
}

void the_largest_value_fits(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    std::vector<Record> sent = {make_record(log, "before"), make_record(log, ""), make_record(log, "after")};
    std::string& largest = sent[1].value;
    largest.insert(largest.size() - 2, limits::record_value_bytes - largest.size(), 'x');
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, bounds_that_exist(channel, log).first, sink);
    const auto seqs = append(channel, log, sent);
    wait_for_records(channel, sink, 3);
    const auto read_back = read_pages(channel, log, {seqs.front(), seqs.back().next()});
    REQUIRE(read_back.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        check_same(sink.records[i].record, sent[i]);
        check_same(read_back[i].record, sent[i]);
    }
}

void two_logs_do_not_mix(ChannelFixture& channel) {
    const LogId here = create_log(channel);
    const LogId there = create_log(channel);
    RecordingSink sink_here;
    RecordingSink sink_there;
    const auto tail_here = channel.reader().tail(here, bounds_that_exist(channel, here).first, sink_here);
    const auto tail_there = channel.reader().tail(there, bounds_that_exist(channel, there).first, sink_there);
    const auto write_here = channel.appender().open(here);
    const auto write_there = channel.appender().open(there);
    for (int i = 0; i < 50; ++i) {
        REQUIRE(write_here->append(make_record(here, "here"), channel.next_ticket()).ok());
        REQUIRE(write_there->append(make_record(there, "there"), channel.next_ticket()).ok());
    }
    wait_for_records(channel, sink_here, 50);
    wait_for_records(channel, sink_there, 50);
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    CHECK(sink_here.records.size() == 50);
    CHECK(sink_there.records.size() == 50);
    const std::string value_here = make_record(here, "here").value;
    const std::string value_there = make_record(there, "there").value;
    for (const StoredRecord& record : sink_here.records) CHECK(record.record.value == value_here);
    for (const StoredRecord& record : sink_there.records) CHECK(record.record.value == value_there);
}

void tail_from_the_start(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    auto seqs = append_texts(channel, log, 30);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, bounds_that_exist(channel, log).first, sink);
    CHECK(sink.records.empty());  // never from inside the call
    wait_for_records(channel, sink, 30);
    for (const Seq seq : append_texts(channel, log, 30, 30)) seqs.push_back(seq);
    wait_for_records(channel, sink, 60);
    CHECK(seqs_of(sink.records) == seqs);
    CHECK(rises_strictly(seqs));
    CHECK(sink.records.back().record.value == make_record(log, "text 59").value);
}

void tail_from_the_middle(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    auto seqs = append_texts(channel, log, 30);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, seqs[20], sink);
    wait_for_records(channel, sink, 10);
    for (const Seq seq : append_texts(channel, log, 5)) seqs.push_back(seq);
    wait_for_records(channel, sink, 15);
    CHECK(seqs_of(sink.records) == tail_of(seqs, 20));
}

void tail_from_the_end(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    append_texts(channel, log, 10);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, bounds_that_exist(channel, log).next, sink);
    const auto later = append_texts(channel, log, 5);
    wait_for_records(channel, sink, 5);
    CHECK(seqs_of(sink.records) == later);
}

void tail_while_appending(ChannelFixture& channel) {
    constexpr int rounds = 10;
    constexpr int appends_in_a_round = 40;
    const LogId log = create_log(channel);
    const Seq first = bounds_that_exist(channel, log).first;
    const auto writer = channel.appender().open(log);
    std::vector<RecordingSink> sinks(rounds);
    std::vector<std::unique_ptr<Tail>> tails;
    for (RecordingSink& sink : sinks) {
        for (int i = 0; i < appends_in_a_round; ++i) {
            if (i == appends_in_a_round / 2) tails.push_back(channel.reader().tail(log, first, sink));
            REQUIRE(writer->append(make_record(log, std::to_string(i)), channel.next_ticket()).ok());
        }
        test::pump_ready(channel.io());
    }
    constexpr std::size_t total = std::size_t{rounds} * appends_in_a_round;
    REQUIRE(pump_until(channel.io(), [&] { return channel.listener().outcomes.size() == total; }));
    std::vector<Seq> seqs;
    for (const auto& outcome : channel.listener().outcomes) {
        REQUIRE(outcome.result.ok());
        seqs.push_back(*outcome.result);
    }
    for (const RecordingSink& sink : sinks) {
        wait_for_records(channel, sink, total);
        CHECK(seqs_of(sink.records) == seqs);
    }
}

void tail_that_ended(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const Seq first = bounds_that_exist(channel, log).first;
    RecordingSink ended;
    RecordingSink going_on;
    RecordingSink never_begun;
    auto tail = channel.reader().tail(log, first, ended);
    const auto other = channel.reader().tail(log, first, going_on);
    append_texts(channel, log, 5);
    wait_for_records(channel, ended, 5);
    tail.reset();
    channel.reader().tail(log, first, never_begun).reset();
    append_texts(channel, log, 5);
    wait_for_records(channel, going_on, 10);
    remove(channel, log);
    require_failure(channel, going_on, Errc::room_gone);
    CHECK(ended.records.size() == 5);
    CHECK_FALSE(ended.failure.has_value());
    CHECK(never_begun.records.empty());
    CHECK_FALSE(never_begun.failure.has_value());
}

void tails_of_one_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 10);
    RecordingSink whole;
    RecordingSink half;
    const auto tail_whole = channel.reader().tail(log, seqs[0], whole);
    const auto tail_half = channel.reader().tail(log, seqs[5], half);
    append_texts(channel, log, 10);
    wait_for_records(channel, whole, 20);
    wait_for_records(channel, half, 15);
    CHECK(tail_of(seqs_of(whole.records), 5) == seqs_of(half.records));
}

void tail_of_a_missing_log(ChannelFixture& channel) {
    RecordingSink sink;
    const auto tail = channel.reader().tail(new_log_id(), Seq{0}, sink);
    CHECK_FALSE(sink.failure.has_value());  // never from inside the call
    require_failure(channel, sink, Errc::room_gone);
}

void tail_from_outside_the_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    append_texts(channel, log, 3);
    const Bounds around = bounds_that_exist(channel, log);
    RecordingSink past_the_end;
    RecordingSink before_the_start;
    const auto future = channel.reader().tail(log, Seq{around.next.value + 5}, past_the_end);
    const auto past = channel.reader().tail(log, around.first.previous(), before_the_start);
    require_failure(channel, past_the_end, Errc::not_found);
    require_failure(channel, before_the_start, Errc::not_found);
    CHECK(past_the_end.records.empty());
    CHECK(before_the_start.records.empty());
}

void tail_of_a_removed_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, bounds_that_exist(channel, log).first, sink);
    append_texts(channel, log, 3);
    wait_for_records(channel, sink, 3);
    remove(channel, log);
    require_failure(channel, sink, Errc::room_gone);
    CHECK(sink.records.size() == 3);
}

}  // namespace roomcast::channel::contract
