#include "shared/channel/sqlite/sqlite_channel.hpp"

#include <fstream>

#include "shared/channel/sqlite/database.hpp"
#include "shared/channel/sqlite/jobs.hpp"
#include "tests/channel/sqlite_fixture.hpp"
#include "tests/support/pump.hpp"

// What the SQLite channel promises beyond the contract of all channels.
namespace roomcast::channel::sqlite {
namespace {

using namespace contract;
using test::pump_until;

/// What opening says, or nothing when it succeeds.
template <class Open>
std::string refusal_of(Open open) {
    try {
        open();
        return {};
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

std::string refusal_to_serve(const std::filesystem::path& data_dir) {
    return refusal_of([&] {
        boost::asio::io_context io;
        (void)SqliteChannel::open_read_write(io, {.data_dir = data_dir});
    });
}

std::int64_t count(const std::filesystem::path& data_dir, const char* sql) {
    Database database(data_dir / "roomcast.db", Database::Mode::read_only);
    return database.integer(sql);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<StoredRecord> read_all(ChannelFixture& channel, const LogId& log) {
    const auto around = bounds(channel, log);
    REQUIRE(around.ok());
    auto result = read(channel, log, {around->first, around->next, 1'000'000, std::size_t{1} << 30});
    REQUIRE(result.ok());
    return std::move(result->records);
}

}  // namespace

TEST_CASE("sqlite: logs, seqs and the table survive closing and opening") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    auto seqs = append_texts(channel, log, 10);
    const Seq table_seq = append_to_table(channel, Slot{1}, "key", "value");
    channel.reopen();
    for (const Seq seq : append_texts(channel, log, 10)) seqs.push_back(seq);
    CHECK(seqs_of(read_all(channel, log)) == seqs);
    for (std::size_t i = 0; i < seqs.size(); ++i) CHECK(seqs[i] == Seq{static_cast<std::int64_t>(i)});

    RecordingTableSink sink;
    const auto following = channel.table().follow(Slot{1}, sink);
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
    REQUIRE(sink.entries.size() == 1);
    CHECK(sink.entries[0].seq == table_seq);
    CHECK(append_to_table(channel, Slot{1}, "key", "again") > table_seq);
}

TEST_CASE("sqlite: tombstones are dropped at opening, and their seqs are not given again") {
    SqliteFixture channel;
    append_to_table(channel, Slot{1}, "key", "value");
    const Seq deletion = append_to_table(channel, Slot{1}, "key", std::nullopt);
    channel.reopen();
    CHECK(count(channel.data_dir(), "SELECT count(*) FROM table_records") == 0);
    CHECK(append_to_table(channel, Slot{1}, "other", "value") > deletion);
}

TEST_CASE("sqlite: records past their retention go, and their seqs are not given again") {
    SqliteFixture channel({.retention_check_ms = 5});
    const LogId log = new_log_id();
    create(channel, log, {.retention_ms = 60'000});
    const std::vector<Record> records(2'500, make_record(log, "old", now_ms() - 120'000));
    append(channel, log, records);  // more than one step of the sweep
    REQUIRE(pump_until(channel.io(), [&] { return bounds(channel, log)->first == Seq{2'500}; }));
    CHECK(bounds(channel, log)->next == Seq{2'500});
    const auto below = read(channel, log, {Seq{2'499}, Seq{2'500}});
    REQUIRE_FALSE(below.ok());
    CHECK(below.error().code == Errc::not_found);

    channel.reopen();
    CHECK(append_texts(channel, log, 1) == std::vector<Seq>{Seq{2'500}});
    CHECK(count(channel.data_dir(), "SELECT count(*) FROM messages") == 1);
}

TEST_CASE("sqlite: retention ends at the first record that is young enough, and spares logs without one") {
    SqliteFixture channel({.retention_check_ms = 5});
    const LogId mortal = new_log_id();
    create(channel, mortal, {.retention_ms = 60'000});
    const LogId immortal = create_log(channel);
    const TimeMs old = now_ms() - 120'000;
    for (const LogId& log : {immortal, mortal}) {
        append(channel, log,
               {make_record(log, "a", old), make_record(log, "b", old), make_record(log, "c"),
                make_record(log, "d", old), make_record(log, "e")});
    }
    REQUIRE(pump_until(channel.io(), [&] { return bounds(channel, mortal)->first == Seq{2}; }));
    CHECK(read_all(channel, mortal).size() == 3);
    CHECK(read_all(channel, immortal).size() == 5);

    channel.close();
    channel.options().default_retention_ms = 60'000;
    channel.open();
    REQUIRE(pump_until(channel.io(), [&] { return bounds(channel, immortal)->first == Seq{2}; }));
}

TEST_CASE("sqlite: a log's records go by the retention that it was given last, also after a restart") {
    SqliteFixture channel({.default_retention_ms = 60'000, .retention_check_ms = 5});
    const LogId log = new_log_id();
    const LogId spared = new_log_id();
    const TimeMs old = now_ms() - 120'000;
    for (const LogId& each : {log, spared}) {
        create(channel, each, {.retention_ms = 600'000});
        append(channel, each, {make_record(each, "a", old), make_record(each, "b", old)});
    }
    REQUIRE(configure(channel, spared, {.retention_ms = 300'000}).ok());
    channel.reopen();
    CHECK(bounds(channel, log)->first == Seq{0});
    REQUIRE(configure(channel, log, {}).ok());  // the operator's: 60 s
    REQUIRE(pump_until(channel.io(), [&] { return bounds(channel, log)->first == Seq{2}; }));
    CHECK(bounds(channel, spared)->first == Seq{0});
    REQUIRE(configure(channel, spared, {.retention_ms = 90'000}).ok());
    REQUIRE(pump_until(channel.io(), [&] { return bounds(channel, spared)->first == Seq{2}; }));
}

TEST_CASE("sqlite: a removed log's rows are deleted in the background") {
    SqliteFixture channel;
    const LogId other = create_log(channel);
    const LogId log = create_log(channel);  // the newest, whose row id SQLite would give again by itself
    append_texts(channel, other, 3);
    append_texts(channel, log, 2'500);
    // Made again and written to with the removal, while the old log's rows are still there.
    channel.admin().remove(log, [](const Result<void>& removed) { CHECK(removed.ok()); });
    channel.admin().create(log, {}, [](const Result<void>& created) { CHECK(created.ok()); });
    CHECK(append_texts(channel, log, 1) == std::vector<Seq>{Seq{0}});
    REQUIRE(pump_until(channel.io(),
                       [&] { return count(channel.data_dir(), "SELECT count(*) FROM messages") == 4; }));
    CHECK(read_all(channel, log).size() == 1);
    CHECK(read_all(channel, other).size() == 3);
}

TEST_CASE("sqlite: a second server on a data directory is refused with the reason") {
    SqliteFixture channel;
    const std::string refusal = refusal_to_serve(channel.data_dir());
    CHECK(contains(refusal, "in use by another server (process " + std::to_string(::getpid()) + ")"));
    channel.close();
    CHECK(refusal_to_serve(channel.data_dir()).empty());
}

TEST_CASE("sqlite: a database of a newer version is refused, for serving and for reading") {
    SqliteFixture channel;
    channel.close();
    Database(channel.data_dir() / "roomcast.db", Database::Mode::read_write)
        .execute("PRAGMA user_version=99");
    CHECK(contains(refusal_to_serve(channel.data_dir()), "newer Roomcast (its version is 99"));
    const std::string refusal_to_read = refusal_of([&] {
        boost::asio::io_context io;
        (void)SqliteChannel::open_read_only(io, channel.data_dir());
    });
    CHECK(contains(refusal_to_read, "newer Roomcast"));
}

TEST_CASE("sqlite: a file that is not Roomcast's is refused and left as it is") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "roomcast.db";
    Database(file, Database::Mode::read_write).execute("CREATE TABLE somebody_elses (x)");
    CHECK(contains(refusal_to_serve(directory.path()), "not one of Roomcast's"));
    std::ofstream(file, std::ios::trunc) << "not a database at all, but long enough to look at for SQLite";
    CHECK(contains(refusal_to_serve(directory.path()), "not a database"));
}

TEST_CASE("sqlite: appends are refused as busy at the cap on messages, and taken again after their acks") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    const auto writer = channel.appender().open(log);
    const Record record = make_record(log, "x");
    for (std::size_t i = 0; i < limits::producer_queue_messages; ++i) {
        REQUIRE(writer->append(record, channel.next_ticket()).ok());
    }
    const auto refused = writer->append(record, channel.next_ticket());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == Errc::busy);
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    CHECK(channel.listener().outcomes.size() == limits::producer_queue_messages);
    CHECK(writer->append(record, channel.next_ticket()).ok());
}

TEST_CASE("sqlite: appends are refused as busy at the cap on bytes, and taken again after their acks") {
    SqliteFixture channel({.queue_kbytes = 1'024});
    const LogId log = create_log(channel);
    const auto writer = channel.appender().open(log);
    Record record = make_record(log, "");
    record.value.resize(limits::record_value_bytes, 'x');
    for (int i = 0; i < 7; ++i) REQUIRE(writer->append(record, channel.next_ticket()).ok());
    const auto refused =
        writer->append(record, channel.next_ticket());  // 8 of 128 KiB, and what they take beside
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == Errc::busy);
    REQUIRE(pump_until(channel.io(), [&] { return channel.appender().in_flight() == 0; }));
    CHECK(writer->append(record, channel.next_ticket()).ok());
}

TEST_CASE("sqlite: requests are refused as busy at their cap") {
    SqliteFixture channel;
    std::size_t refused = 0;
    std::size_t answered = 0;
    const LogId log = create_log(channel);
    for (std::size_t i = 0; i < SqliteChannel::request_queue + 10; ++i) {
        channel.reader().bounds(log, [&](const Result<Bounds>& result) {
            if (result.ok()) ++answered;
            if (!result.ok() && result.error().code == Errc::busy) ++refused;
        });
    }
    REQUIRE(
        pump_until(channel.io(), [&] { return answered + refused == SqliteChannel::request_queue + 10; }));
    CHECK(refused == 10);
}

TEST_CASE("sqlite: a tail reads many pages while appends go on, and misses nothing") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    constexpr int before = 2 * page_records + 100;
    append_texts(channel, log, before);
    RecordingSink sink;
    const auto tail = channel.reader().tail(log, Seq{0}, sink);
    const auto writer = channel.appender().open(log);
    std::size_t total = before;
    while (sink.records.size() < before) {
        for (int i = 0; i < 100; ++i, ++total) {
            REQUIRE(writer->append(make_record(log, "later"), channel.next_ticket()).ok());
        }
        const std::size_t so_far = sink.records.size();
        REQUIRE(pump_until(channel.io(), [&] {
            return sink.records.size() > so_far || channel.appender().in_flight() == 0;
        }));
    }
    wait_for_records(channel, sink, total);
    REQUIRE(sink.records.size() == total);
    for (std::size_t i = 0; i < total; ++i) REQUIRE(sink.records[i].seq == Seq{static_cast<std::int64_t>(i)});
}

}  // namespace roomcast::channel::sqlite
