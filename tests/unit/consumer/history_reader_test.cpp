#include "consumer/history_reader.hpp"

#include <random>
#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/recording_peer.hpp"

namespace roomcast::consumer {
namespace {

using Kind = link::ReadHistory::Kind;
using Numbers = std::vector<std::int64_t>;

struct Rig {
    boost::asio::io_context io;
    test::FakeChannel channel{io};
    HistoryReader history{channel};
    LogId log{RoomSlug::trusted("general"), Epoch::trusted("e1")};

    Rig() { channel.make_log(log); }
    Result<HistoryResult> ask(HistoryQuery query) {
        std::optional<Result<HistoryResult>> answer;
        history.read(log, std::move(query), [&](Result<HistoryResult> page) { answer = std::move(page); });
        REQUIRE_FALSE(answer);
        REQUIRE(test::pump_until(io, [&] { return answer.has_value(); }));
        return *answer;
    }
    HistoryResult page(Kind kind, std::int64_t seq, int limit) {
        HistoryQuery query;
        query.kind = kind;
        query.seq = Seq{seq};
        query.limit = limit;
        auto got = ask(query);
        REQUIRE(got);
        return std::move(*got);
    }
};

Numbers seqs(const HistoryResult& page) {
    Numbers found;
    for (const auto& entry : page.entries) found.push_back(entry.seq.value);
    return found;
}

}  // namespace

TEST_CASE("an empty log has an empty page for every question") {
    Rig rig;
    for (const auto kind : {Kind::latest, Kind::before, Kind::after, Kind::from_time}) {
        const auto page = rig.page(kind, 0, 50);
        CHECK(page.entries.empty());
        CHECK_FALSE(page.more);
    }
    CHECK(rig.page(Kind::latest, 0, 50).covered == Seq::none());
}

TEST_CASE("the latest page holds the newest messages, oldest first, as the client's frames") {
    Rig rig;
    rig.channel.say_many(rig.log, 10);
    const auto page = rig.page(Kind::latest, 0, 3);
    CHECK(seqs(page) == Numbers{7, 8, 9});
    CHECK(page.more);
    CHECK(page.covered == Seq{9});
    CHECK(page.bounds.next == Seq{10});
    const auto frame = nlohmann::json::parse(page.entries.front().frame);
    CHECK(frame["seq"] == 7);
    CHECK(frame["id"] == "m7");
    CHECK(frame["room"] == "general");
    const auto all = rig.page(Kind::latest, 0, 10);
    CHECK(seqs(all) == test::range(0, 10));
    CHECK_FALSE(all.more);
}

TEST_CASE("pages before a seq lead back to the log's start") {
    Rig rig;
    rig.channel.say_many(rig.log, 10);
    const auto page = rig.page(Kind::before, 7, 4);
    CHECK(seqs(page) == test::range(3, 7));
    CHECK(page.more);
    const auto oldest = rig.page(Kind::before, 3, 4);
    CHECK(seqs(oldest) == test::range(0, 3));
    CHECK_FALSE(oldest.more);
    CHECK(rig.page(Kind::before, 0, 4).entries.empty());
    CHECK(seqs(rig.page(Kind::before, 1'000, 2)) == Numbers{8, 9});
}

TEST_CASE("pages after a seq lead to the end, each begins where `covered` ends") {
    Rig rig;
    rig.channel.say_many(rig.log, 10);
    const auto page = rig.page(Kind::after, 4, 3);
    CHECK(seqs(page) == test::range(5, 8));
    CHECK(page.more);
    CHECK(page.covered == Seq{7});
    const auto last = rig.page(Kind::after, 7, 3);
    CHECK(seqs(last) == Numbers{8, 9});
    CHECK_FALSE(last.more);
    CHECK(last.covered == Seq{9});
    const auto exactly = rig.page(Kind::after, 4, 5);
    CHECK(seqs(exactly) == test::range(5, 10));
    CHECK_FALSE(exactly.more);
    CHECK(rig.page(Kind::after, 9, 3).entries.empty());
    CHECK(rig.page(Kind::after, 50, 3).entries.empty());
    CHECK(seqs(rig.page(Kind::after, -1, 3)) == Numbers{0, 1, 2});
}

TEST_CASE("a time leads to the first message at or after it") {
    Rig rig;
    for (int i = 0; i < 10; ++i)
        rig.channel.say(rig.log, "bob", std::to_string(i), "x", 1'000'000 + i * 1'000);
    HistoryQuery query;
    query.kind = Kind::from_time;
    query.limit = 2;
    for (const auto& [time, first] :
         {std::pair{TimeMs{0}, 0}, {TimeMs{1'003'000}, 3}, {TimeMs{1'003'001}, 4}}) {
        query.time = time;
        CHECK(seqs(*rig.ask(query)) == Numbers{first, first + 1});
    }
    query.time = 1'009'001;
    CHECK(rig.ask(query)->entries.empty());
}

TEST_CASE("nothing at or above `until` is read, and what retention took is not asked for") {
    Rig rig;
    rig.channel.say_many(rig.log, 10);
    rig.channel.trim(rig.log, Seq{4});
    HistoryQuery query;
    query.kind = Kind::latest;
    query.until = Seq{8};
    const auto latest = rig.ask(query);
    REQUIRE(latest);
    CHECK(seqs(*latest) == test::range(4, 8));
    CHECK_FALSE(latest->more);
    CHECK(latest->covered == Seq{7});
    query.kind = Kind::after;
    query.seq = Seq{0};
    CHECK(seqs(*rig.ask(query)) == test::range(4, 8));
    CHECK(rig.page(Kind::before, 2, 5).entries.empty());
}

TEST_CASE("gaps in the seqs neither stop a page nor make it short") {
    Rig rig;
    for (int i = 0; i < 6; ++i) {
        rig.channel.say_many(rig.log, 1);
        rig.channel.skip(rig.log, 10);
    }
    const Numbers there{0, 11, 22, 33, 44, 55};
    CHECK(seqs(rig.page(Kind::latest, 0, 6)) == there);
    CHECK(seqs(rig.page(Kind::after, 0, 2)) == Numbers{11, 22});
    CHECK(seqs(rig.page(Kind::after, 5, 50)) == Numbers{11, 22, 33, 44, 55});
    CHECK(rig.page(Kind::after, 5, 50).covered == Seq{65});
    CHECK(seqs(rig.page(Kind::before, 40, 3)) == Numbers{11, 22, 33});
}

TEST_CASE("a page holds at most its bytes, and at least one message") {
    Rig rig;
    for (int i = 0; i < 6; ++i) rig.channel.say(rig.log, "bob", std::to_string(i), std::string(1'000, 'x'));
    HistoryQuery query;
    query.max_bytes = 3'500;
    query.kind = Kind::after;
    query.seq = Seq::none();
    auto page = rig.ask(query);
    REQUIRE(page);
    CHECK(seqs(*page) == Numbers{0, 1, 2});
    CHECK(page->more);
    CHECK(page->covered == Seq{2});
    query.kind = Kind::latest;
    page = rig.ask(query);
    CHECK(seqs(*page) == Numbers{3, 4, 5});
    CHECK(page->more);
    query.max_bytes = 1;
    CHECK(seqs(*rig.ask(query)) == Numbers{5});
    query.kind = Kind::after;
    page = rig.ask(query);
    CHECK(seqs(*page) == Numbers{0});
    CHECK(page->covered == Seq{0});
}

TEST_CASE("repeats are left out, also when the first lies far before the page") {
    Rig rig;
    rig.channel.say(rig.log, "alice", "c1", "once");
    rig.channel.say_many(rig.log, 5'000);
    rig.channel.say(rig.log, "alice", "c1", "once");
    rig.channel.say(rig.log, "alice", "c2", "new");
    CHECK(seqs(rig.page(Kind::latest, 0, 3)) == Numbers{4'999, 5'000, 5'002});
    CHECK(seqs(rig.page(Kind::after, 5'000, 3)) == Numbers{5'002});
    HistoryQuery query;
    query.kind = Kind::after;
    query.seq = Seq{4'999};
    query.with_repeats = true;
    const auto all = rig.ask(query);
    REQUIRE(all);
    REQUIRE(seqs(*all) == Numbers{5'000, 5'001, 5'002});
    CHECK_FALSE(all->entries[1].shown());
    CHECK(all->entries[1].first == Seq{0});
    CHECK(all->entries[2].shown());
}

TEST_CASE("a message of the same id outside the window is a new one") {
    Rig rig;
    rig.channel.say(rig.log, "alice", "c1", "first");
    rig.channel.say_many(rig.log, static_cast<int>(limits::dedupe_window_records));
    rig.channel.say(rig.log, "alice", "c1", "second");
    CHECK(seqs(rig.page(Kind::latest, 0, 1)) == Numbers{limits::dedupe_window_records + 1});
}

TEST_CASE("many repeats in a row do not leave a reader without a way on") {
    Rig rig;
    rig.channel.say(rig.log, "alice", "before", "x");
    for (int i = 0; i < 120; ++i) rig.channel.say(rig.log, "alice", "c1", "again and again");
    rig.channel.say(rig.log, "alice", "after", "x");
    for (const int limit : {1, 2, 50}) {
        // A client asks on from the last message that it was shown, so an empty page must be the last one.
        const auto forwards = rig.page(Kind::after, 1, limit);
        CHECK_MESSAGE(seqs(forwards) == Numbers{121}, "limit ", limit);
        const auto backwards = rig.page(Kind::before, 121, limit);
        CHECK_MESSAGE((!backwards.entries.empty() && backwards.entries.back().seq == Seq{1}), "limit ",
                      limit);
    }
}

TEST_CASE("a log that fails or is gone says so, and a reader that goes away is not called back") {
    Rig rig;
    rig.channel.say_many(rig.log, 3);
    rig.channel.failing_bounds = 1;
    CHECK(rig.ask({}).error().code == Errc::unavailable);
    rig.channel.failing_reads = 1;
    CHECK(rig.ask({}).error().code == Errc::unavailable);
    bool called = false;
    {
        HistoryReader brief(rig.channel);
        brief.read(rig.log, {}, [&](Result<HistoryResult>) { called = true; });
    }
    test::pump_ready(rig.io);
    CHECK_FALSE(called);
    rig.channel.lose_log(rig.log);
    CHECK(rig.ask({}).error().code == Errc::room_gone);
}

TEST_CASE("whatever the log, pages put together are the log without its repeats, each message once") {
    std::mt19937 random(31);
    for (int round = 0; round < 30; ++round) {
        Rig rig;
        Numbers messages;
        std::set<std::string> ids;
        const int count = 20 + static_cast<int>(random() % 400);
        for (int i = 0; i < count; ++i) {
            if (random() % 10 == 0) rig.channel.skip(rig.log, 1 + static_cast<std::int64_t>(random() % 5));
            const auto id = "c" + std::to_string(random() % (round % 2 == 0 ? 40 : 4'000));
            const Seq seq = rig.channel.say(rig.log, "alice", id, std::string(random() % 50, 'x'));
            if (ids.insert(id).second) messages.push_back(seq.value);
        }
        const int limit = 1 + static_cast<int>(random() % 30);
        Numbers forwards;
        for (Seq at = Seq::none(); true;) {
            const auto page = rig.page(Kind::after, at.value, limit);
            CHECK(page.entries.size() <= static_cast<std::size_t>(limit));
            for (const auto seq : seqs(page)) forwards.push_back(seq);
            if (!page.more) break;
            REQUIRE(page.covered > at);
            at = page.covered;
        }
        CHECK(forwards == messages);
        Numbers backwards;
        for (Seq at = rig.channel.next(rig.log); true;) {
            const auto page = rig.page(Kind::before, at.value, limit);
            auto found = seqs(page);
            CHECK(found.size() <= static_cast<std::size_t>(limit));
            backwards.insert(backwards.begin(), found.begin(), found.end());
            if (!page.more) break;
            REQUIRE_FALSE(found.empty());
            at = Seq{found.front()};
        }
        CHECK(backwards == messages);
    }
}

}  // namespace roomcast::consumer
