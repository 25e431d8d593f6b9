#include "tests/channel/channel_contract.hpp"
#include "tests/support/pump.hpp"

// The part of the contract about reading rooms' logs, and about making and removing them. Seqs may have gaps
// here: nothing below counts with them.
namespace roomcast::channel::contract {
namespace {

using test::pump_until;

constexpr Seq far_away{std::int64_t{1} << 40};

}  // namespace

void bounds_of_an_empty_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const Bounds around = bounds_that_exist(channel, log);
    CHECK(around.first == around.next);
    const ReadResult nothing = read_that_succeeds(channel, log, {around.first, around.next});
    CHECK(nothing.records.empty());
    CHECK(nothing.next >= around.next);
}

void bounds_of_a_filled_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 20);
    const Bounds around = bounds_that_exist(channel, log);
    CHECK(around.first <= seqs.front());
    CHECK(around.next > seqs.back());
    const auto later = append_texts(channel, log, 1);
    CHECK(later.front() >= around.next);
}

void read_a_range(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 20);
    const ReadResult all = read_that_succeeds(channel, log, {seqs.front(), seqs.back().next()});
    CHECK(seqs_of(all.records) == seqs);
    CHECK(all.next >= seqs.back().next());

    const ReadResult some = read_that_succeeds(channel, log, {seqs[5], seqs[10]});
    CHECK(seqs_of(some.records) == std::vector<Seq>(seqs.begin() + 5, seqs.begin() + 10));
    CHECK(some.next >= seqs[10]);
    REQUIRE(some.records.size() == 5);
    CHECK(some.records.front().record.value == make_record(log, "text 5").value);

    const ReadResult none = read_that_succeeds(channel, log, {seqs[5], seqs[5]});
    CHECK(none.records.empty());
}

void read_stops_at_the_record_limit(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 25);
    const ReadRange range{seqs.front(), seqs.back().next(), 10};
    const ReadResult page = read_that_succeeds(channel, log, range);
    CHECK(seqs_of(page.records) == std::vector<Seq>(seqs.begin(), seqs.begin() + 10));
    CHECK(page.next > seqs[9]);
    CHECK(page.next <= seqs[10]);
    CHECK(seqs_of(read_pages(channel, log, range)) == seqs);
}

void read_stops_at_the_byte_limit(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    std::vector<Record> sent(20, make_record(log, std::string(1000, 'x')));
    const auto seqs = append(channel, log, sent);
    const ReadRange range{seqs.front(), seqs.back().next(), 1000, 5000};
    const ReadResult page = read_that_succeeds(channel, log, range);
    CHECK(page.records.size() >= 1);
    CHECK(page.records.size() <= 4);
    CHECK(page.next <= seqs[4]);
    CHECK(seqs_of(read_pages(channel, log, range)) == seqs);
}

void read_gives_one_record_above_the_byte_limit(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append(channel, log, std::vector<Record>(3, make_record(log, std::string(1000, 'x'))));
    const ReadRange range{seqs.front(), seqs.back().next(), 1000, 10};
    CHECK(read_that_succeeds(channel, log, range).records.size() == 1);
    CHECK(seqs_of(read_pages(channel, log, range)) == seqs);
}

void read_past_the_end(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 5);
    const ReadResult result = read_that_succeeds(channel, log, {seqs[3], far_away});
    CHECK(seqs_of(result.records) == tail_of(seqs, 3));
    CHECK(result.next > seqs.back());
    const ReadResult nothing =
        read_that_succeeds(channel, log, {bounds_that_exist(channel, log).next, far_away});
    CHECK(nothing.records.empty());
}

void read_below_the_first(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const auto seqs = append_texts(channel, log, 5);
    const Seq first = bounds_that_exist(channel, log).first;
    check_code(read(channel, log, {first.previous(), seqs.back()}), Errc::not_found);
}

void requests_to_a_missing_log(ChannelFixture& channel) {
    const LogId log = new_log_id();
    check_code(bounds(channel, log), Errc::room_gone);
    check_code(read(channel, log, {Seq{0}, Seq{10}}), Errc::room_gone);
    check_code(seek(channel, log, now_ms()), Errc::room_gone);
}

void requests_to_a_removed_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    append_texts(channel, log, 3);
    remove(channel, log);
    // A cluster may take a moment to agree that the log is gone; once it is, it stays so.
    REQUIRE(pump_until(channel.io(), [&] { return !bounds(channel, log).ok(); }));
    check_code(bounds(channel, log), Errc::room_gone);
    check_code(read(channel, log, {Seq{0}, Seq{3}}), Errc::room_gone);
    check_code(seek(channel, log, now_ms()), Errc::room_gone);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    require_failure(channel, sink, Errc::room_gone);
    append_to_a_missing_log_fails(channel);
}

void seek_by_time(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const TimeMs start = now_ms() - 100'000;
    std::vector<Record> sent;
    sent.reserve(50);
    for (int i = 0; i < 50; ++i) sent.push_back(make_record(log, std::to_string(i), start + i / 2 * 10));
    const auto seqs = append(channel, log, sent);  // times 0, 0, 10, 10, 20, 20 ...
    const auto found = [&](TimeMs time) {
        const auto result = seek(channel, log, time);
        REQUIRE_MESSAGE(result.ok(), result.error().detail);
        return *result;
    };
    CHECK(found(start - 1'000) == seqs[0]);
    CHECK(found(start) == seqs[0]);
    CHECK(found(start + 1) == seqs[2]);
    CHECK(found(start + 10) == seqs[2]);
    CHECK(found(start + 95) == seqs[20]);
    CHECK(found(start + 240) == seqs[48]);
    CHECK(found(start + 241) == bounds_that_exist(channel, log).next);

    const LogId empty = create_log(channel);
    const auto nowhere = seek(channel, empty, start);
    REQUIRE(nowhere.ok());
    CHECK(*nowhere == bounds_that_exist(channel, empty).next);
}

void seek_with_clocks_that_went_back(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    const TimeMs start = now_ms() - 100'000;
    std::vector<Record> sent;
    for (const int offset : {10, 40, 20, 5, 30, 50, 45})
        sent.push_back(make_record(log, "x", start + offset));
    const auto seqs = append(channel, log, sent);
    const auto found = [&](int offset) {
        const auto result = seek(channel, log, start + offset);
        REQUIRE_MESSAGE(result.ok(), result.error().detail);
        return *result;
    };
    CHECK(found(5) == seqs[0]);
    CHECK(found(20) == seqs[1]);
    CHECK(found(35) == seqs[1]);
    CHECK(found(41) == seqs[5]);
    CHECK(found(51) == bounds_that_exist(channel, log).next);
}

void create_twice(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    auto seqs = append_texts(channel, log, 3);
    create(channel, log, {.retention_ms = 86'400'000});
    seqs.push_back(append_texts(channel, log, 1).front());
    CHECK(rises_strictly(seqs));
    CHECK(seqs_of(read_pages(channel, log, {seqs.front(), seqs.back().next()})) == seqs);
}

void configure_a_log(ChannelFixture& channel) {
    const LogId log = create_log(channel);
    auto seqs = append_texts(channel, log, 2);
    for (const LogOptions options : {LogOptions{.retention_ms = 86'400'000}, LogOptions{}}) {
        const auto done = configure(channel, log, options);
        REQUIRE_MESSAGE(done.ok(), done.error().detail);
        seqs.push_back(append_texts(channel, log, 1).front());
    }
    CHECK(rises_strictly(seqs));
    CHECK(seqs_of(read_pages(channel, log, {seqs.front(), seqs.back().next()})) == seqs);
}

void configure_a_missing_log(ChannelFixture& channel) {
    const LogId removed = create_log(channel);
    remove(channel, removed);
    for (const LogId& log : {new_log_id(), removed}) {
        const auto done = configure(channel, log, {.retention_ms = 86'400'000});
        REQUIRE_FALSE(done.ok());
        CHECK(done.error().code == Errc::room_gone);
    }
}

void remove_a_missing_log(ChannelFixture& channel) {
    remove(channel, new_log_id());
    const LogId log = create_log(channel);
    remove(channel, log);
    remove(channel, log);
}

void another_epoch_is_another_log(ChannelFixture& channel) {
    const LogId before = create_log(channel);
    const LogId after{before.room, make_epoch()};
    const auto seqs = append_texts(channel, before, 5);
    create(channel, after);
    const Bounds around = bounds_that_exist(channel, after);
    CHECK(around.first == around.next);
    RecordingSink sink;
    const auto tail = channel.reader().tail(after, around.first, sink);
    append_texts(channel, before, 1);
    const auto fresh = append_texts(channel, after, 2);
    wait_for_records(channel, sink, 2);
    CHECK(seqs_of(sink.records) == fresh);
    remove(channel, after);
    CHECK(seqs_of(read_pages(channel, before, {seqs.front(), seqs.back().next()})) == seqs);
}

}  // namespace roomcast::channel::contract
