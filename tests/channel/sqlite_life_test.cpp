#include <functional>

#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "tests/channel/sqlite_fixture.hpp"
#include "tests/support/pump.hpp"

// How the SQLite channel and its handles end, and the reader beside the server.
namespace roomcast::channel::sqlite {
namespace {

using namespace contract;
using test::pump_until;

/// Does something each time that it is called, as whatever it is called.
class Caller final : public TailSink, public TableSink, public AppendListener {
public:
    std::function<void()> act = [] {};
    int calls = 0;

    void on_records(std::span<const RecordView>) override { called(); }
    void on_tail_failed(Error) override { called(); }
    void on_table_record(const TableRecord&) override { called(); }
    void on_slot_current(Slot) override { called(); }
    void on_appended(AppendTicket, Seq) override { called(); }
    void on_append_failed(AppendTicket, Error) override { called(); }

private:
    void called() {
        ++calls;
        act();
    }
};

template <class T>
void check_code(const Result<T>& result, Errc code) {
    REQUIRE_FALSE(result.ok());
    CHECK(name_of(result.error().code) == name_of(code));
}

}  // namespace

TEST_CASE("sqlite: closing finishes queued appends and calls nobody afterwards") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    RecordingSink sink;
    RecordingTableSink table_sink;
    auto tail = channel.reader().tail(log, Seq{0}, sink);
    auto following = channel.table().follow(Slot{1}, table_sink);
    const auto writer = channel.appender().open(log);
    const Record record = make_record(log, "x");
    constexpr int queued = 90'000;  // far more than is written by the time of closing
    for (int i = 0; i < queued; ++i) REQUIRE(writer->append(record, channel.next_ticket()).ok());
    int answers = 0;
    channel.reader().bounds(log, [&](const Result<Bounds>&) { ++answers; });
    channel.table().append(Slot{1}, "key", "value", [&](const Result<Seq>&) { ++answers; });
    channel.close();
    test::pump_ready(channel.io());
    CHECK(channel.listener().outcomes.empty());
    CHECK(sink.records.empty());
    CHECK(table_sink.current.empty());
    CHECK(answers == 0);
    check_code(writer->append(make_record(log, "x"), channel.next_ticket()), Errc::unavailable);
    tail.reset();
    following.reset();

    channel.open();
    CHECK(bounds(channel, log)->next == Seq{queued});
}

TEST_CASE("sqlite: whoever is called may destroy the channel, and is the last to be called") {
    enum class From { listener, tail_page, tail_feed, table, request };
    for (const From from : {From::listener, From::tail_page, From::tail_feed, From::table, From::request}) {
        CAPTURE(static_cast<int>(from));
        SqliteFixture channel;
        const LogId log = create_log(channel);
        Caller caller;
        channel.close();
        auto under_test = SqliteChannel::open_read_write(channel.io(), channel.options());
        under_test->report_to(caller);
        const auto writer = under_test->open(log);
        REQUIRE(writer->append(make_record(log, "x"), 1).ok());
        REQUIRE(pump_until(channel.io(), [&] { return caller.calls == 1; }));

        Caller quiet;
        quiet.act = [&] { CHECK(under_test != nullptr); };
        const auto destroy = [&] {
            REQUIRE(under_test != nullptr);
            under_test.reset();
        };
        under_test->report_to(from == From::listener ? caller : quiet);
        caller.act = destroy;
        std::vector<std::unique_ptr<Tail>> tails;
        std::vector<std::unique_ptr<Following>> followings;
        for (int i = 0; i < 2; ++i) {
            if (from == From::tail_page) tails.push_back(under_test->tail(log, Seq{0}, caller));
            if (from == From::tail_feed) tails.push_back(under_test->tail(log, Seq{1}, caller));
            if (from == From::table) followings.push_back(under_test->follow(Slot{1}, caller));
            if (from == From::request) under_test->bounds(log, [&](const Result<Bounds>&) { destroy(); });
            under_test->append(Slot{1}, "key", "value",
                               [&](const Result<Seq>&) { CHECK(under_test != nullptr); });
        }
        // The tails must be at the end of the log before the appends, to be shown them from memory.
        bool at_end = false;
        if (from == From::tail_feed) {
            under_test->bounds(log, [&](const Result<Bounds>&) { at_end = true; });
            REQUIRE(pump_until(channel.io(), [&] { return at_end; }));
        }
        for (AppendTicket ticket = 2; under_test != nullptr && ticket < 10; ++ticket) {
            REQUIRE(writer->append(make_record(log, "x"), ticket).ok());
        }
        REQUIRE(pump_until(channel.io(), [&] { return under_test == nullptr; }));
        test::pump_ready(channel.io());
        CHECK(caller.calls == (from == From::request ? 1 : 2));
    }
}

TEST_CASE("sqlite: whoever is shown records may end tails, its own too, and begin new ones") {
    SqliteFixture channel;
    const LogId log = create_log(channel);
    Caller first;
    Caller second;
    RecordingSink begun_inside;
    std::vector<std::unique_ptr<Tail>> tails;
    first.act = [&] {
        tails.clear();
        tails.push_back(channel.reader().tail(log, Seq{0}, begun_inside));
    };
    tails.push_back(channel.reader().tail(log, Seq{0}, first));
    tails.push_back(channel.reader().tail(log, Seq{0}, second));
    append_texts(channel, log, 3);
    append_texts(channel, log, 3);
    wait_for_records(channel, begun_inside, 6);
    CHECK(begun_inside.records.size() == 6);
    CHECK(first.calls == 1);
    CHECK(second.calls == 0);
}

TEST_CASE("sqlite: a reader beside the server sees what is there, what comes, and what is removed") {
    SqliteFixture server;
    const LogId log = create_log(server);
    auto seqs = append_texts(server, log, 10);
    append_to_table(server, Slot{1}, "a", "1");
    ReadOnlyFixture reader(server);
    CHECK(bounds(reader, log)->next == Seq{10});
    CHECK(read(reader, log, {Seq{3}, Seq{5}})->records.size() == 2);
    CHECK(*seek(reader, log, 0) == Seq{0});

    RecordingSink sink;
    const auto tail = reader.reader().tail(log, Seq{5}, sink);
    RecordingTableSink table_sink;
    const auto following = reader.table().follow(Slot{1}, table_sink);
    wait_for_records(server, sink, 5);
    REQUIRE(pump_until(server.io(), [&] { return !table_sink.current.empty(); }));
    for (int round = 0; round < 3; ++round) {
        for (const Seq seq : append_texts(server, log, 5)) seqs.push_back(seq);
        wait_for_records(server, sink, seqs.size() - 5);
    }
    CHECK(seqs_of(sink.records) == std::vector<Seq>(seqs.begin() + 5, seqs.end()));
    append_to_table(server, Slot{1}, "b", "2");
    REQUIRE(pump_until(server.io(), [&] { return table_sink.entries.size() == 2; }));
    CHECK(table_sink.current.size() == 1);

    remove(server, log);
    REQUIRE(pump_until(server.io(), [&] { return sink.failure.has_value(); }));
    CHECK(sink.failure->code == Errc::room_gone);
    check_code(bounds(reader, log), Errc::room_gone);
}

TEST_CASE("sqlite: a reader beside the server may not write") {
    SqliteFixture server;
    const LogId log = create_log(server);
    ReadOnlyFixture reader(server);
    const auto writer = reader.appender().open(log);
    check_code(writer->append(make_record(log, "x"), 1), Errc::forbidden);
    std::vector<Errc> codes;
    const auto note = [&](const auto& result) {
        if (!result.ok()) codes.push_back(result.error().code);
    };
    reader.admin().create(new_log_id(), {}, note);
    reader.admin().configure(log, {}, note);
    reader.admin().remove(log, note);
    for (const Table table : {Table::rooms, Table::accounts, Table::tokens})
        reader.table(table).append(Slot{0}, "key", "value", note);
    CHECK(codes.empty());
    REQUIRE(pump_until(server.io(), [&] { return codes.size() == 6; }));
    CHECK(codes == std::vector<Errc>(6, Errc::forbidden));
}

TEST_CASE("sqlite: a reader works where no server runs, and says when there is nothing to read") {
    SqliteFixture server;
    const LogId log = create_log(server);
    append_texts(server, log, 3);
    server.close();
    {
        ReadOnlyFixture reader(server);
        CHECK(bounds(reader, log)->next == Seq{3});
        server.open();  // begins while the reader looks on
        append_texts(server, log, 1);
        REQUIRE(pump_until(server.io(), [&] { return bounds(reader, log)->next == Seq{4}; }));
    }
    const TemporaryDirectory empty;
    CHECK_THROWS_AS((void)SqliteChannel::open_read_only(server.io(), empty.path()), std::runtime_error);
    CHECK(std::filesystem::is_empty(empty.path()));
}

}  // namespace roomcast::channel::sqlite
