#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include "shared/channel/channel.hpp"

/// What every channel must do, whatever keeps its log. An implementation writes a ChannelFixture and names it
/// in
///
///     ROOMCAST_CHANNEL_CONTRACT("sqlite", make_sqlite_fixture)
///
/// which registers one test for each sentence at the end of this file. `make` is called without arguments and
/// answers a std::unique_ptr to a fresh fixture; the name must be a string literal.
namespace roomcast::channel::contract {

/// Keeps what it hears.
class RecordingListener final : public AppendListener {
public:
    struct Outcome {
        AppendTicket ticket;
        Result<Seq> result;
    };
    std::vector<Outcome> outcomes;

    [[nodiscard]] const Outcome* find(AppendTicket ticket) const {
        const auto at = std::ranges::find(outcomes, ticket, &Outcome::ticket);
        return at == outcomes.end() ? nullptr : &*at;
    }

    void on_appended(AppendTicket ticket, Seq seq) override { outcomes.push_back({ticket, seq}); }
    void on_append_failed(AppendTicket ticket, Error error) override {
        outcomes.push_back({ticket, std::move(error)});
    }
};

class RecordingSink final : public TailSink {
public:
    std::vector<StoredRecord> records;
    std::optional<Error> failure;
    bool called_after_failure = false;

    void on_records(std::span<const RecordView> views) override {
        called_after_failure |= failure.has_value();
        for (const RecordView& view : views) {
            records.push_back({view.seq, Record{MessageId::trusted(std::string(view.id)),
                                                UserName::trusted(std::string(view.user)), view.time,
                                                std::string(view.value)}});
        }
    }
    void on_tail_failed(Error error) override {
        called_after_failure |= failure.has_value();
        failure = std::move(error);
    }
};

class RecordingTableSink final : public TableSink {
public:
    struct Entry {
        Slot slot;
        Seq seq;
        std::string key;
        std::optional<std::string> value;
    };
    std::vector<Entry> entries;
    std::vector<Slot> current;             // one for each on_slot_current
    std::size_t entries_when_current = 0;  // shown before the first of them

    void on_table_record(const TableRecord& record) override {
        std::optional<std::string> value;
        if (record.value) value = std::string(*record.value);
        entries.push_back({record.slot, record.seq, std::string(record.key), std::move(value)});
    }
    void on_slot_current(Slot slot) override {
        if (current.empty()) entries_when_current = entries.size();
        current.push_back(slot);
    }
};

/// One channel with its loop, made for one test. The test runs the loop; nobody else does. Logs and table
/// keys of a test have names of their own, so fixtures may share what lies behind them.
class ChannelFixture {
public:
    virtual ~ChannelFixture() = default;
    virtual boost::asio::io_context& io() = 0;
    virtual Appender& appender() = 0;
    virtual RecordingListener& listener() = 0;  // the one that `appender` reports to
    virtual LogReader& reader() = 0;
    virtual LogAdmin& admin() = 0;
    virtual TableLog& table(Table table) = 0;
    TableLog& table() { return table(Table::rooms); }

    /// Tickets of one fixture are never given twice.
    AppendTicket next_ticket() { return ++last_ticket_; }

private:
    AppendTicket last_ticket_ = 0;
};

// Steps that the contract and each implementation's own tests share. Each waits for its end, and fails the
// test when that does not come.
[[nodiscard]] LogId new_log_id();
[[nodiscard]] Record make_record(const LogId& log, const std::string& text, TimeMs time = now_ms());
void create(ChannelFixture& channel, const LogId& log, LogOptions options = {});
[[nodiscard]] LogId create_log(ChannelFixture& channel);
[[nodiscard]] Result<void> configure(ChannelFixture& channel, const LogId& log, LogOptions options);
void remove(ChannelFixture& channel, const LogId& log);
/// Appends through one writer and waits until all are acked; the seqs, in the order of the records.
std::vector<Seq> append(ChannelFixture& channel, const LogId& log, const std::vector<Record>& records);
std::vector<Seq> append_texts(ChannelFixture& channel, const LogId& log, int count, int first_number = 0);
[[nodiscard]] Result<Bounds> bounds(ChannelFixture& channel, const LogId& log);
[[nodiscard]] Result<ReadResult> read(ChannelFixture& channel, const LogId& log, ReadRange range);
[[nodiscard]] Result<Seq> seek(ChannelFixture& channel, const LogId& log, TimeMs time);
Seq append_to_table(ChannelFixture& channel, Slot slot, const std::string& key,
                    std::optional<std::string> value);
void wait_for_records(ChannelFixture& channel, const RecordingSink& sink, std::size_t count);
[[nodiscard]] std::vector<Seq> seqs_of(const std::vector<StoredRecord>& records);
[[nodiscard]] std::vector<Seq> tail_of(const std::vector<Seq>& seqs, std::size_t from);
[[nodiscard]] bool rises_strictly(const std::vector<Seq>& seqs);
[[nodiscard]] Bounds bounds_that_exist(ChannelFixture& channel, const LogId& log);
[[nodiscard]] ReadResult read_that_succeeds(ChannelFixture& channel, const LogId& log, ReadRange range);
/// Reads to the end of the range, page by page.
[[nodiscard]] std::vector<StoredRecord> read_pages(ChannelFixture& channel, const LogId& log,
                                                   ReadRange range);
void require_failure(ChannelFixture& channel, const RecordingSink& sink, Errc code);
template <class T>
void check_code(const Result<T>& result, Errc code) {
    REQUIRE_FALSE(result.ok());
    CHECK(name_of(result.error().code) == name_of(code));
}

// The contract.
void append_answers_with_rising_seqs(ChannelFixture& channel);
void append_to_a_missing_log_fails(ChannelFixture& channel);
void append_of_an_oversized_value_is_refused(ChannelFixture& channel);
void values_come_back_byte_for_byte(ChannelFixture& channel);
void the_largest_value_fits(ChannelFixture& channel);
void two_logs_do_not_mix(ChannelFixture& channel);
void tail_from_the_start(ChannelFixture& channel);
void tail_from_the_middle(ChannelFixture& channel);
void tail_from_the_end(ChannelFixture& channel);
void tail_while_appending(ChannelFixture& channel);
void tail_that_ended(ChannelFixture& channel);
void tails_of_one_log(ChannelFixture& channel);
void tail_of_a_missing_log(ChannelFixture& channel);
void tail_from_outside_the_log(ChannelFixture& channel);
void tail_of_a_removed_log(ChannelFixture& channel);
void bounds_of_an_empty_log(ChannelFixture& channel);
void bounds_of_a_filled_log(ChannelFixture& channel);
void read_a_range(ChannelFixture& channel);
void read_stops_at_the_record_limit(ChannelFixture& channel);
void read_stops_at_the_byte_limit(ChannelFixture& channel);
void read_gives_one_record_above_the_byte_limit(ChannelFixture& channel);
void read_past_the_end(ChannelFixture& channel);
void read_below_the_first(ChannelFixture& channel);
void requests_to_a_missing_log(ChannelFixture& channel);
void requests_to_a_removed_log(ChannelFixture& channel);
void seek_by_time(ChannelFixture& channel);
void seek_with_clocks_that_went_back(ChannelFixture& channel);
void create_twice(ChannelFixture& channel);
void configure_a_log(ChannelFixture& channel);
void configure_a_missing_log(ChannelFixture& channel);
void remove_a_missing_log(ChannelFixture& channel);
void another_epoch_is_another_log(ChannelFixture& channel);
void table_shows_everything_then_current_then_later(ChannelFixture& channel);
void table_of_an_empty_slot_is_current(ChannelFixture& channel);
void table_keeps_the_last_value(ChannelFixture& channel);
void table_deletes_a_key(ChannelFixture& channel);
void table_slots_do_not_mix(ChannelFixture& channel);
void table_following_that_ended(ChannelFixture& channel);
void table_values_may_be_empty_or_large(ChannelFixture& channel);
void tables_do_not_mix(ChannelFixture& channel);
void one_account_for_two_that_make_it(ChannelFixture& channel);
void the_older_account_wins_behind_the_younger(ChannelFixture& channel);
void one_of_all_takes_wins(ChannelFixture& channel);
void revocations_reach_everyone(ChannelFixture& channel);

}  // namespace roomcast::channel::contract

#define ROOMCAST_CHANNEL_CASE(name, make, sentence, function) \
    TEST_CASE(name ": " sentence) {                           \
        const auto fixture = make();                          \
        ::roomcast::channel::contract::function(*fixture);    \
    }

// clang-format off
#define ROOMCAST_CHANNEL_CONTRACT(name, make) \
    ROOMCAST_CHANNEL_CASE(name, make, "appends are answered in order with rising seqs", append_answers_with_rising_seqs) \
    ROOMCAST_CHANNEL_CASE(name, make, "an append to a log that does not exist fails", append_to_a_missing_log_fails) \
    ROOMCAST_CHANNEL_CASE(name, make, "a value above the limit is refused and not kept", append_of_an_oversized_value_is_refused) \
    ROOMCAST_CHANNEL_CASE(name, make, "a record comes back byte for byte, by read and by tail", values_come_back_byte_for_byte) \
    ROOMCAST_CHANNEL_CASE(name, make, "a value of the largest size fits", the_largest_value_fits) \
    ROOMCAST_CHANNEL_CASE(name, make, "two logs do not mix", two_logs_do_not_mix) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail from the start sees every record once, in order", tail_from_the_start) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail from the middle sees the rest and what comes after", tail_from_the_middle) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail from the end sees only what comes after", tail_from_the_end) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail misses nothing and repeats nothing that is appended while it starts", tail_while_appending) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail that was ended is not called again", tail_that_ended) \
    ROOMCAST_CHANNEL_CASE(name, make, "several tails of one log each see every record", tails_of_one_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail of a log that does not exist fails with room_gone", tail_of_a_missing_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a tail from outside the log fails with not_found", tail_from_outside_the_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "removing a log ends its tails with room_gone", tail_of_a_removed_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "an empty log ends where it begins", bounds_of_an_empty_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "the bounds of a filled log enclose its records", bounds_of_a_filled_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a range is read from its start up to and without its end", read_a_range) \
    ROOMCAST_CHANNEL_CASE(name, make, "a read stops at its limit of records and says where to go on", read_stops_at_the_record_limit) \
    ROOMCAST_CHANNEL_CASE(name, make, "a read stops at its limit of bytes and says where to go on", read_stops_at_the_byte_limit) \
    ROOMCAST_CHANNEL_CASE(name, make, "a read gives one record even where that is above its limit of bytes", read_gives_one_record_above_the_byte_limit) \
    ROOMCAST_CHANNEL_CASE(name, make, "a read past the end gives what there is", read_past_the_end) \
    ROOMCAST_CHANNEL_CASE(name, make, "a read from below the first seq fails with not_found", read_below_the_first) \
    ROOMCAST_CHANNEL_CASE(name, make, "requests to a log that does not exist fail with room_gone", requests_to_a_missing_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "requests to a removed log fail with room_gone", requests_to_a_removed_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a seek finds the first record at or after a time", seek_by_time) \
    ROOMCAST_CHANNEL_CASE(name, make, "a seek finds the first record by seq where clocks went back", seek_with_clocks_that_went_back) \
    ROOMCAST_CHANNEL_CASE(name, make, "creating a log twice succeeds and keeps its records", create_twice) \
    ROOMCAST_CHANNEL_CASE(name, make, "a log that is given another retention, and none, keeps what is young and goes on", configure_a_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a log that does not exist, or no longer, cannot be given a retention: room_gone", configure_a_missing_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "removing a log that does not exist succeeds", remove_a_missing_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a room with another epoch is another, empty log", another_epoch_is_another_log) \
    ROOMCAST_CHANNEL_CASE(name, make, "a slot of the table shows what it holds, then that it is current, then what comes", table_shows_everything_then_current_then_later) \
    ROOMCAST_CHANNEL_CASE(name, make, "an empty slot of the table is current at once", table_of_an_empty_slot_is_current) \
    ROOMCAST_CHANNEL_CASE(name, make, "the table keeps the last value of each key", table_keeps_the_last_value) \
    ROOMCAST_CHANNEL_CASE(name, make, "a key deleted from the table is gone for those who follow now and later", table_deletes_a_key) \
    ROOMCAST_CHANNEL_CASE(name, make, "slots of the table do not mix", table_slots_do_not_mix) \
    ROOMCAST_CHANNEL_CASE(name, make, "a following that was ended is not called again", table_following_that_ended) \
    ROOMCAST_CHANNEL_CASE(name, make, "values of the table may be empty or large", table_values_may_be_empty_or_large) \
    ROOMCAST_CHANNEL_CASE(name, make, "the tables do not mix", tables_do_not_mix) \
    ROOMCAST_CHANNEL_CASE(name, make, "two servers that make one account at once leave one, also after a restart and a change", one_account_for_two_that_make_it) \
    ROOMCAST_CHANNEL_CASE(name, make, "an older account whose record stands behind a younger one's has the name", the_older_account_wins_behind_the_younger) \
    ROOMCAST_CHANNEL_CASE(name, make, "of all takes of a ticket, by two servers at once and after a restart, one wins", one_of_all_takes_wins) \
    ROOMCAST_CHANNEL_CASE(name, make, "revocations reach those who follow, from before and after", revocations_reach_everyone)
// clang-format on
