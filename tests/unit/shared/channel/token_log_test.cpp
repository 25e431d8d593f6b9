#include "shared/channel/token_log.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::channel {
namespace {

const FoldedName alice = FoldedName::trusted("al/ice");
constexpr Slot slot{0};
constexpr TimeMs minute = 60'000;

TimeMs wall_time = 1'795'255'200'000;  // of every TokenLog here; turned by the tests
TimeMs wall_clock() { return wall_time; }

class RecordingTokenSink final : public TokenSink {
public:
    std::vector<std::string> heard;
    void on_token_revoked(std::string_view token_id, TimeMs, std::string_view reason) override {
        heard.push_back(std::string(token_id) + ": " + std::string(reason));
    }
    void on_user_revoked(const FoldedName& user, TimeMs issued_before, TimeMs,
                         std::string_view reason) override {
        heard.push_back(user.str() + " before " + std::to_string(issued_before) + ": " + std::string(reason));
    }
};

/// An edge's part.
struct Edge {
    explicit Edge(boost::asio::io_context& io, TableLog& table, ops::Log& log)
        : tokens(io, table, sink, log, wall_clock) {}
    RecordingTokenSink sink;
    TokenLog tokens;
};

struct Rig {
    boost::asio::io_context io;
    test::FakeChannel channel{io};
    ops::CapturedLog log;
    Edge edge{io, channel, log.log};

    using Answers = std::vector<Result<void>>;
    static Callback<void> into(Answers& answers) {
        return [&answers](Result<void> answer) { answers.push_back(std::move(answer)); };
    }
    Result<void> ask(const std::function<void(Callback<void>)>& request) {
        Answers answers;
        request(into(answers));
        CHECK(answers.empty());  // never from inside the call
        REQUIRE(test::pump_until(io, [&] { return !answers.empty(); }));
        return answers.front();
    }
    Result<void> take(TokenLog& in, std::string_view ticket, TimeMs expires) {
        return ask([&](auto done) { in.take_ticket(ticket, expires, std::move(done)); });
    }
    Result<void> revoke(std::string_view id, TimeMs expires, std::string_view reason) {
        return ask([&](auto done) { edge.tokens.revoke(id, expires, reason, std::move(done)); });
    }
    std::size_t living() {
        const auto& rows = channel.table(slot);
        return static_cast<std::size_t>(std::ranges::count_if(
            rows, [&](const auto& row) { return channel.value_of(slot, row.key).has_value(); }));
    }
};

Errc code(const Result<void>& answer) {
    REQUIRE_FALSE(answer.ok());
    return answer.error().code;
}

}  // namespace

TEST_CASE("every edge hears what is revoked, before it came and after, until it expires") {
    Rig rig;
    const TimeMs now = wall_time;
    CHECK_FALSE(rig.edge.tokens.current());
    REQUIRE(rig.revoke("token/1", now + minute, "logged out"));
    CHECK(rig.edge.tokens.current());
    CHECK(rig.edge.sink.heard == std::vector<std::string>{"token/1: logged out"});
    Edge late(rig.io, rig.channel, rig.log.log);
    REQUIRE(rig.ask([&](auto done) {
        rig.edge.tokens.revoke_user(alice, 7'000, now + minute, "password changed", std::move(done));
    }));
    const std::vector<std::string> all = {"token/1: logged out", "al/ice before 7000: password changed"};
    REQUIRE(test::pump_until(rig.io, [&] { return late.sink.heard.size() == 2; }));
    CHECK(late.sink.heard == all);
    CHECK(rig.edge.sink.heard == all);
    // An expired one needs no record, and one in the log is not told.
    REQUIRE(rig.revoke("2", now - 1, "logged out"));
    CHECK(rig.channel.table(slot).size() == 2);
    REQUIRE(rig.revoke("3", now + 50, "logged out"));
    wall_time += 50;
    Edge later(rig.io, rig.channel, rig.log.log);
    REQUIRE(test::pump_until(rig.io, [&] { return later.tokens.current(); }));
    CHECK(later.sink.heard == all);
}

TEST_CASE("of two revocations of one user both are kept, whichever was the last") {
    Rig rig;
    for (const TimeMs before : {2'000, 1'000})
        REQUIRE(rig.ask([&](auto done) {
            rig.edge.tokens.revoke_user(alice, before, wall_time + minute, "why", std::move(done));
        }));
    CHECK(rig.living() == 2);
}

TEST_CASE("a ticket is taken once") {
    Rig rig;
    Edge second(rig.io, rig.channel, rig.log.log);
    const TimeMs expires = wall_time + minute;
    CHECK(rig.take(rig.edge.tokens, "t/1", expires));
    CHECK(code(rig.take(rig.edge.tokens, "t/1", expires)) == Errc::bad_token);
    CHECK(code(rig.take(second.tokens, "t/1", expires)) == Errc::bad_token);
    Edge restarted(rig.io, rig.channel, rig.log.log);
    CHECK(code(rig.take(restarted.tokens, "t/1", expires)) == Errc::bad_token);
    CHECK(rig.take(restarted.tokens, "t", expires));
    CHECK(rig.take(restarted.tokens, "t/1/2", expires));
    for (const auto& bad : {std::string(), std::string(limits::token_id_bytes + 1, 'x'), std::string("\xff")})
        CHECK(code(rig.take(restarted.tokens, bad, expires)) == Errc::bad_token);
    CHECK(code(rig.take(restarted.tokens, "old", wall_time)) == Errc::bad_token);
}

TEST_CASE("of takes by several edges at once exactly one wins, and all edges agree which") {
    Rig rig;
    Edge second(rig.io, rig.channel, rig.log.log);
    Rig::Answers answers;
    const TimeMs expires = wall_time + minute;
    for (TokenLog* const edge : {&rig.edge.tokens, &second.tokens, &rig.edge.tokens, &second.tokens})
        edge->take_ticket("t", expires, Rig::into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 4; }));
    REQUIRE(rig.channel.table(slot).size() == 4);
    CHECK(std::ranges::count_if(answers, [](const auto& one) { return one.ok(); }) == 1);
    for (const auto& one : answers)
        if (!one) CHECK(one.error().code == Errc::bad_token);
}

TEST_CASE("a take that is read back after the ticket has expired is refused") {
    Rig rig;
    const TimeMs expires = wall_time + 100;
    Rig::Answers answers;
    rig.edge.tokens.take_ticket("t", expires, Rig::into(answers));
    wall_time = expires;
    REQUIRE(test::pump_until(rig.io, [&] { return !answers.empty(); }));
    CHECK(code(answers.front()) == Errc::bad_token);
}

TEST_CASE("a full memory of tickets refuses takes until what it forgot has expired; none is taken twice") {
    Rig rig;
    const TimeMs soon = wall_time + minute;
    const TimeMs later = soon + minute;
    const auto taken = [&](const std::string& id, TimeMs expires) {
        rig.channel.append(slot, "ticket/" + id + "/someone",
                           R"({"expires":")" + format_rfc3339(expires) + "\"}", [](const Result<Seq>&) {});
    };
    for (std::size_t i = 0; i < limits::tickets_remembered; ++i) taken(std::to_string(i), soon);
    taken("forgotten", later);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.log.has("too_many_tickets"); }));
    CHECK(code(rig.take(rig.edge.tokens, "0", soon)) == Errc::bad_token);
    CHECK(code(rig.take(rig.edge.tokens, "new", soon)) == Errc::busy);
    CHECK(rig.channel.table(slot).size() == limits::tickets_remembered + 1);  // it did not even write
    wall_time = soon;
    Result<void> answer;
    REQUIRE(test::pump_until(rig.io, [&] {
        answer = rig.take(rig.edge.tokens, "forgotten", later);
        return rig.channel.table(slot).back().key != "ticket/forgotten/someone";  // there is room again
    }));
    CHECK(code(answer) == Errc::busy);
    CHECK(rig.take(rig.edge.tokens, "after", later + 1));
}

TEST_CASE("what has expired is deleted from the log, by who wrote it or by who found it so at its start") {
    Rig rig;
    const auto old = format_rfc3339(wall_time - limits::token_tidy_after_ms - 1'000);
    const auto fresh = format_rfc3339(wall_time - 1'000);
    for (const auto& [key, expires] : std::map<std::string, std::string>{
             {"token/1", old}, {"user/alice/1", old}, {"ticket/1/x", old}, {"ticket/2/x", fresh}})
        rig.channel.append(slot, key, R"({"expires":")" + expires + "\"}", [](const Result<Seq>&) {});
    CHECK(rig.living() == 4);
    Edge edge(rig.io, rig.channel, rig.log.log);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.living() == 1; }));
    CHECK(rig.channel.value_of(slot, "ticket/2/x"));
}

TEST_CASE("token records that are not ours are left alone") {
    Rig rig;
    for (const char* key : {"", "x", "token", "user/alice", "ticket/1", "ticket//x", "other/1"})
        for (const char* value : {"", "{", "7", "{}", R"({"expires":"soon"})", R"({"expires":7})",
                                  R"({"expires":"2126-01-01T00:00:00Z"})"})
            rig.channel.append(slot, key, value, [](const Result<Seq>&) {});
    REQUIRE(rig.revoke("1", wall_time + minute, "why"));
    CHECK(rig.edge.sink.heard == std::vector<std::string>{"1: why"});
}

TEST_CASE("a revocation fails where the log cannot keep it, and when it is out of reach") {
    Rig rig;
    const TimeMs now = wall_time;
    CHECK(code(rig.revoke("", now + minute, "why")) == Errc::bad_token);
    CHECK(code(rig.revoke("1", now + minute, std::string(limits::token_reason_bytes + 1, 'x'))) ==
          Errc::too_large);
    CHECK(code(rig.revoke("1", now + limits::token_log_retention_ms + minute, "why")) == Errc::internal);
    CHECK(rig.channel.table(slot).empty());
    rig.channel.failing_table_appends = 1;
    rig.channel.failure = Errc::busy;
    CHECK(code(rig.revoke("1", now + minute, "why")) == Errc::unavailable);
    rig.channel.table_out_of_reach = true;
    Rig::Answers answers;
    const auto asked = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i <= limits::token_requests; ++i)
        rig.edge.tokens.revoke(std::to_string(i), now + minute, "why", Rig::into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 1; }));
    CHECK(code(answers.front()) == Errc::busy);
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == limits::token_requests + 1; }));
    CHECK(std::chrono::steady_clock::now() - asked >=
          std::chrono::milliseconds(limits::channel_request_deadline_ms));
    CHECK(code(answers.back()) == Errc::unavailable);
}

}  // namespace roomcast::channel
