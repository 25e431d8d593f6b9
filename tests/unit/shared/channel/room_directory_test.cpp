#include "shared/channel/room_directory.hpp"

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::channel {
namespace {

const RoomSlug general = RoomSlug::trusted("general");
const Actor alice{UserName::trusted("alice"), "a1"};

struct Rig {
    boost::asio::io_context io;
    test::FakeChannel channel{io};
    ops::CapturedLog log;
    RoomDirectory directory{io, channel, channel, log.log};

    using Answers = std::vector<Result<RoomInfo>>;
    Callback<RoomInfo> into(Answers& answers) {
        return [&answers](Result<RoomInfo> answer) { answers.push_back(std::move(answer)); };
    }
    Result<RoomInfo> open(RoomDirectory& in, bool create, const RoomSlug& room = general) {
        Answers answers;
        in.open(room, create, alice, into(answers));
        CHECK(answers.empty());  // never from inside the call
        REQUIRE(test::pump_until(io, [&] { return !answers.empty(); }));
        return answers.front();
    }
    const std::vector<test::FakeChannel::Row>& table() { return channel.table(slot_of(general)); }
};

}  // namespace

TEST_CASE("a room that is missing is made on request, with its log, and found afterwards") {
    Rig rig;
    const auto missing = rig.open(rig.directory, false);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::no_such_room);
    CHECK(rig.table().empty());
    const auto made = rig.open(rig.directory, true);
    REQUIRE(made);
    CHECK(made->owner == alice);
    CHECK(rig.channel.has_log(made->log));
    CHECK(rig.open(rig.directory, false)->log == made->log);
    CHECK(rig.open(rig.directory, true)->log == made->log);
    CHECK(rig.table().size() == 1);
    CHECK(rig.channel.creates == 1);
}

TEST_CASE("two that open a missing room at the same time get one room") {
    Rig rig;
    Rig::Answers answers;
    for (const bool create : {true, true, false})
        rig.directory.open(general, create, alice, rig.into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 3; }));
    CHECK(rig.channel.creates == 1);
    int refused = 0;
    std::optional<LogId> found;
    for (const auto& answer : answers) {
        if (!answer) {
            ++refused;
            CHECK(answer.error().code == Errc::no_such_room);
            continue;
        }
        if (found) CHECK(answer->log == *found);
        found = answer->log;
    }
    CHECK(refused == 1);  // who did not ask for its making
}

TEST_CASE("two workers that make the same room agree on one; the other's log and record are cleaned up") {
    Rig rig;
    RoomDirectory second(rig.io, rig.channel, rig.channel, rig.log.log);
    Rig::Answers answers;
    rig.directory.open(general, true, alice, rig.into(answers));
    second.open(general, true, alice, rig.into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 2; }));
    REQUIRE(rig.channel.creates == 2);
    REQUIRE(answers[0]);
    REQUIRE(answers[1]);
    CHECK(answers[0]->log == answers[1]->log);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.channel.log_count() == 1; }));
    CHECK(rig.channel.has_log(answers[0]->log));
    REQUIRE(rig.table().size() > 2);
    const auto loser = rig.table()[1].key;
    CHECK(loser != room_key(answers[0]->log));
    CHECK_FALSE(rig.channel.value_of(slot_of(general), loser));
    CHECK(rig.channel.value_of(slot_of(general), room_key(answers[0]->log)));
    RoomDirectory third(rig.io, rig.channel, rig.channel, rig.log.log);
    CHECK(rig.open(third, false)->log == answers[0]->log);
}

TEST_CASE("a room whose log cannot be made is not recorded, and can be made later") {
    Rig rig;
    rig.channel.failing_creates = 1;
    Rig::Answers answers;
    rig.directory.open(general, true, alice, rig.into(answers));
    rig.directory.open(general, true, alice, rig.into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 2; }));
    for (const auto& answer : answers) CHECK((!answer && answer.error().code == Errc::unavailable));
    CHECK(rig.table().empty());
    CHECK(rig.open(rig.directory, true));
}

TEST_CASE("a creation that was surely not recorded takes its log back; one of unknown fate leaves it") {
    Rig rig;
    rig.channel.failing_table_appends = 1;
    rig.channel.failure = Errc::busy;
    CHECK(rig.open(rig.directory, true).error().code == Errc::unavailable);
    CHECK(rig.channel.log_count() == 0);
    rig.channel.failing_table_appends = 1;
    rig.channel.failure = Errc::unknown_outcome;
    CHECK(rig.open(rig.directory, true).error().code == Errc::unavailable);
    CHECK(rig.channel.log_count() == 1);
    CHECK(rig.open(rig.directory, true));
}

TEST_CASE("a removal frees the name everywhere, takes the log away, and the next room is another one") {
    Rig rig;
    RoomDirectory second(rig.io, rig.channel, rig.channel, rig.log.log);
    std::vector<LogId> gone;
    second.on_gone([&](const LogId& log) { gone.push_back(log); });
    const auto made = rig.open(rig.directory, true);
    REQUIRE(made);
    REQUIRE(rig.open(second, false));
    bool removed = false;
    rig.directory.remove(made->log, [&](Result<void> done) { removed = done.ok(); });
    REQUIRE(test::pump_until(rig.io, [&] { return removed && !gone.empty(); }));
    CHECK(gone == std::vector<LogId>{made->log});
    CHECK_FALSE(rig.channel.has_log(made->log));
    CHECK(rig.open(second, false).error().code == Errc::no_such_room);
    const auto again = rig.open(second, true);
    REQUIRE(again);
    CHECK(again->log.epoch != made->log.epoch);
}

TEST_CASE("a directory is current when all the slots it keeps are read to their end") {
    Rig rig;
    REQUIRE(rig.open(rig.directory, true));
    RoomDirectory second(rig.io, rig.channel, rig.channel, rig.log.log);
    CHECK(second.current());
    second.keep({slot_of(general), Slot{0}});
    CHECK_FALSE(second.current());
    CHECK(test::pump_until(rig.io, [&] { return second.current(); }));
}

TEST_CASE("a directory that goes away drops its questions") {
    Rig rig;
    Rig::Answers answers;
    {
        RoomDirectory brief(rig.io, rig.channel, rig.channel, rig.log.log);
        brief.open(general, true, alice, rig.into(answers));
        test::pump_ready(rig.io);
        answers.clear();
        brief.open(RoomSlug::trusted("later"), true, alice, rig.into(answers));
    }
    test::pump_ready(rig.io);
    CHECK(answers.empty());
}

TEST_CASE("of a room's messages no more than are stated are taken out of its history, one of them twice") {
    Rig rig;
    const LogId log = rig.open(rig.directory, true)->log;
    std::vector<Result<void>> answers;
    const auto hide = [&](std::size_t seq) {
        const auto before = answers.size();
        rig.directory.hide(log, Seq{static_cast<std::int64_t>(seq)},
                           [&](Result<void> answer) { answers.push_back(std::move(answer)); });
        REQUIRE(test::pump_until(rig.io, [&] { return answers.size() > before; }));
        return answers.back();
    };
    for (std::size_t seq = 0; seq < limits::hidden_per_room; ++seq) REQUIRE(hide(seq));
    CHECK(hide(limits::hidden_per_room).error().code == Errc::busy);
    CHECK(hide(0));
    CHECK(rig.directory.hidden(log)->size() == limits::hidden_per_room);
}

TEST_CASE("while the table is out of reach a question fails at its deadline, and not before") {
    Rig rig;
    rig.channel.table_out_of_reach = true;
    Rig::Answers answers;
    const auto asked = std::chrono::steady_clock::now();
    rig.directory.open(general, false, alice, rig.into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return !answers.empty(); }));
    const auto waited = std::chrono::steady_clock::now() - asked;
    CHECK(answers.front().error().code == Errc::unavailable);
    CHECK(waited >= std::chrono::milliseconds(limits::channel_request_deadline_ms));
    CHECK(rig.channel.creates == 0);
}

}  // namespace roomcast::channel
