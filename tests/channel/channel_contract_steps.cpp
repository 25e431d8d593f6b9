#include <functional>
#include <memory>

#include "tests/channel/channel_contract.hpp"
#include "tests/support/pump.hpp"

namespace roomcast::channel::contract {
namespace {

/// Asks, sees that the answer does not come from inside the call, and waits for it.
template <class T>
Result<T> ask(ChannelFixture& channel, const std::function<void(Callback<T>)>& request) {
    // Shared with the callback, which may outlive a failed wait.
    auto answer = std::make_shared<std::optional<Result<T>>>();
    int answers = 0;
    request([answer, &answers](Result<T> result) {
        ++answers;
        answer->emplace(std::move(result));
    });
    REQUIRE_MESSAGE(answers == 0, "answered from inside the call");
    REQUIRE_MESSAGE(test::pump_until(channel.io(), [&] { return answer->has_value(); }), "no answer in time");
    REQUIRE(answers == 1);
    return std::move(**answer);
}

}  // namespace

LogId new_log_id() { return {RoomSlug::trusted("contract-" + make_epoch().str()), make_epoch()}; }

Record make_record(const LogId& log, const std::string& text, TimeMs time) {
    return {make_message_id(), UserName::trusted("alice"), time,
            R"({"type":"message","room":")" + log.room.str() + R"(","text":")" + text + R"("})"};
}

void create(ChannelFixture& channel, const LogId& log, LogOptions options) {
    const auto done = ask<void>(
        channel, [&](Callback<void> answer) { channel.admin().create(log, options, std::move(answer)); });
    REQUIRE_MESSAGE(done.ok(), done.error().detail);
}

LogId create_log(ChannelFixture& channel) {
    LogId log = new_log_id();
    create(channel, log);
    return log;
}

Result<void> configure(ChannelFixture& channel, const LogId& log, LogOptions options) {
    return ask<void>(
        channel, [&](Callback<void> answer) { channel.admin().configure(log, options, std::move(answer)); });
}

void remove(ChannelFixture& channel, const LogId& log) {
    const auto done =
        ask<void>(channel, [&](Callback<void> answer) { channel.admin().remove(log, std::move(answer)); });
    REQUIRE_MESSAGE(done.ok(), done.error().detail);
}

std::vector<Seq> append(ChannelFixture& channel, const LogId& log, const std::vector<Record>& records) {
    const auto writer = channel.appender().open(log);
    std::vector<AppendTicket> tickets;
    for (const Record& record : records) {
        tickets.push_back(channel.next_ticket());
        const auto queued = writer->append(record, tickets.back());
        REQUIRE_MESSAGE(queued.ok(), queued.error().detail);
    }
    RecordingListener& listener = channel.listener();
    REQUIRE(test::pump_until(channel.io(), [&] { return tickets.empty() || listener.find(tickets.back()); }));
    std::vector<Seq> seqs;
    for (const AppendTicket ticket : tickets) {
        const auto* outcome = listener.find(ticket);
        REQUIRE(outcome != nullptr);
        REQUIRE_MESSAGE(outcome->result.ok(), outcome->result.error().detail);
        seqs.push_back(*outcome->result);
    }
    return seqs;
}

std::vector<Seq> append_texts(ChannelFixture& channel, const LogId& log, int count, int first_number) {
    std::vector<Record> records;
    records.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        records.push_back(make_record(log, "text " + std::to_string(first_number + i)));
    return append(channel, log, records);
}

Result<Bounds> bounds(ChannelFixture& channel, const LogId& log) {
    return ask<Bounds>(channel,
                       [&](Callback<Bounds> answer) { channel.reader().bounds(log, std::move(answer)); });
}

Result<ReadResult> read(ChannelFixture& channel, const LogId& log, ReadRange range) {
    return ask<ReadResult>(
        channel, [&](Callback<ReadResult> answer) { channel.reader().read(log, range, std::move(answer)); });
}

Result<Seq> seek(ChannelFixture& channel, const LogId& log, TimeMs time) {
    return ask<Seq>(channel,
                    [&](Callback<Seq> answer) { channel.reader().seek(log, time, std::move(answer)); });
}

Seq append_to_table(ChannelFixture& channel, Slot slot, const std::string& key,
                    std::optional<std::string> value) {
    const auto done = ask<Seq>(channel, [&](Callback<Seq> answer) {
        channel.table().append(slot, key, std::move(value), std::move(answer));
    });
    REQUIRE_MESSAGE(done.ok(), done.error().detail);
    return *done;
}

void wait_for_records(ChannelFixture& channel, const RecordingSink& sink, std::size_t count) {
    const bool arrived =
        test::pump_until(channel.io(), [&] { return sink.records.size() >= count || sink.failure; });
    REQUIRE_MESSAGE(!sink.failure.has_value(), sink.failure->detail);
    REQUIRE_MESSAGE(arrived, "only " << sink.records.size() << " of " << count << " records came");
}

std::vector<Seq> seqs_of(const std::vector<StoredRecord>& records) {
    std::vector<Seq> seqs;
    seqs.reserve(records.size());
    for (const StoredRecord& record : records) seqs.push_back(record.seq);
    return seqs;
}

std::vector<Seq> tail_of(const std::vector<Seq>& seqs, std::size_t from) {
    return {seqs.begin() + static_cast<std::ptrdiff_t>(from), seqs.end()};
}

bool rises_strictly(const std::vector<Seq>& seqs) {
    return std::ranges::adjacent_find(seqs, std::greater_equal<>{}) == seqs.end();
}

Bounds bounds_that_exist(ChannelFixture& channel, const LogId& log) {
    const auto found = bounds(channel, log);
    REQUIRE_MESSAGE(found.ok(), found.error().detail);
    return *found;
}

ReadResult read_that_succeeds(ChannelFixture& channel, const LogId& log, ReadRange range) {
    auto result = read(channel, log, range);
    REQUIRE_MESSAGE(result.ok(), result.error().detail);
    return std::move(result.value());
}

std::vector<StoredRecord> read_pages(ChannelFixture& channel, const LogId& log, ReadRange range) {
    std::vector<StoredRecord> all;
    while (range.from < range.until) {
        ReadResult page = read_that_succeeds(channel, log, range);
        REQUIRE_MESSAGE(page.next > range.from, "a page must lead on");
        for (StoredRecord& record : page.records) all.push_back(std::move(record));
        range.from = page.next;
    }
    return all;
}

void require_failure(ChannelFixture& channel, const RecordingSink& sink, Errc code) {
    REQUIRE(test::pump_until(channel.io(), [&] { return sink.failure.has_value(); }));
    CHECK(name_of(sink.failure->code) == name_of(code));
    CHECK_FALSE(sink.called_after_failure);
}

}  // namespace roomcast::channel::contract
