#include "shared/channel/account_directory.hpp"

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::channel {
namespace {

const FoldedName alice = FoldedName::trusted("alice");
const Slot slot = slot_of(alice);
const Epoch first_try = Epoch::trusted("try1");
const Epoch second_try = Epoch::trusted("try2");

AccountInfo info(std::string hash = "hash") {
    return {UserName::trusted("Alice"), alice, {}, std::move(hash), 1'000, 1'000};
}

struct Rig {
    boost::asio::io_context io;
    test::FakeChannel channel{io};
    ops::CapturedLog log;
    AccountDirectory directory{io, channel, log.log};

    using Answers = std::vector<Result<AccountInfo>>;
    static Callback<AccountInfo> into(Answers& answers) {
        return [&answers](Result<AccountInfo> answer) { answers.push_back(std::move(answer)); };
    }
    Result<AccountInfo> ask(const std::function<void(Callback<AccountInfo>)>& request) {
        Answers answers;
        request(into(answers));
        CHECK(answers.empty());  // never from inside the call
        REQUIRE(test::pump_until(io, [&] { return !answers.empty(); }));
        return answers.front();
    }
    Result<AccountInfo> find(AccountDirectory& in) {
        return ask([&](auto done) { in.find(alice, std::move(done)); });
    }
    Result<AccountInfo> create(AccountDirectory& in, const Epoch& attempt, std::string hash = "hash") {
        return ask([&](auto done) { in.create(info(std::move(hash)), attempt, std::move(done)); });
    }
    Result<AccountInfo> change(AccountDirectory& in, std::string hash) {
        return ask([&](auto done) { in.change_password(alice, std::move(hash), 2'000, std::move(done)); });
    }
    Result<void> remove(AccountDirectory& in) {
        std::optional<Result<void>> answer;
        in.remove(alice, [&](Result<void> done) { answer = std::move(done); });
        REQUIRE(test::pump_until(io, [&] { return answer.has_value(); }));
        return *answer;
    }
    /// Another program's record, as it stands in the log.
    void append(const AccountKey& key, std::optional<std::string> value) {
        channel.append(slot, encode_account_key(key), std::move(value), [](const Result<Seq>&) {});
    }
    std::size_t living() {
        std::set<std::string> keys;
        for (const auto& row : channel.table(slot))
            if (channel.value_of(slot, row.key)) keys.insert(row.key);
        return keys.size();
    }
};

template <class T>
Errc code(const Result<T>& answer) {
    REQUIRE_FALSE(answer.ok());
    return answer.error().code;
}

}  // namespace

TEST_CASE("an account is made, found, changed and removed, and its name is free again") {
    Rig rig;
    AccountDirectory other(rig.io, rig.channel, rig.log.log);
    CHECK(code(rig.find(rig.directory)) == Errc::not_found);
    CHECK(code(rig.change(rig.directory, "new")) == Errc::not_found);
    CHECK(code(rig.remove(rig.directory)) == Errc::not_found);
    const auto made = rig.create(rig.directory, first_try);
    REQUIRE(made);
    CHECK(made->name.str() == "Alice");
    CHECK(rig.find(other)->password_hash == "hash");
    const auto changed = rig.change(other, "new");
    REQUIRE(changed);
    CHECK(changed->password_hash == "new");
    CHECK(changed->password_changed == 2'000);
    CHECK(changed->created == 1'000);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.find(rig.directory)->password_hash == "new"; }));
    REQUIRE(rig.remove(rig.directory));
    CHECK(code(rig.find(rig.directory)) == Errc::not_found);
    CHECK(rig.living() == 0);
    CHECK(rig.create(other, second_try));
    CHECK(rig.living() == 1);
}

TEST_CASE("of two directories that make one name at once one has it, and the other's record is deleted") {
    Rig rig;
    AccountDirectory second(rig.io, rig.channel, rig.log.log);
    Rig::Answers answers;
    rig.directory.create(info("first"), first_try, Rig::into(answers));
    second.create(info("second"), second_try, Rig::into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 2; }));
    REQUIRE(rig.channel.table(slot).size() >= 2);  // both were written
    CHECK(std::ranges::count_if(answers, [](const auto& one) { return one.ok(); }) == 1);
    for (const auto& one : answers)
        if (!one) CHECK(one.error().code == Errc::name_taken);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.living() == 1; }));
    CHECK(rig.find(rig.directory)->password_hash == rig.find(second)->password_hash);
    AccountDirectory after_restart(rig.io, rig.channel, rig.log.log);
    CHECK(rig.find(after_restart)->password_hash == rig.find(second)->password_hash);
}

TEST_CASE("the same attempt again is the same account, whichever directory is asked; another is not") {
    Rig rig;
    AccountDirectory second(rig.io, rig.channel, rig.log.log);
    REQUIRE(rig.create(rig.directory, first_try, "one"));
    const auto again = rig.create(second, first_try, "two");
    REQUIRE(again);
    CHECK(again->password_hash == "one");
    CHECK(code(rig.create(rig.directory, second_try)) == Errc::name_taken);
    CHECK(rig.channel.table(slot).size() == 1);
}

TEST_CASE("one attempt through two directories at once is one account for both") {
    Rig rig;
    AccountDirectory second(rig.io, rig.channel, rig.log.log);
    Rig::Answers answers;
    rig.directory.create(info("one"), first_try, Rig::into(answers));
    second.create(info("two"), first_try, Rig::into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 2; }));
    REQUIRE(answers[0]);
    REQUIRE(answers[1]);
    CHECK(answers[0]->password_hash == answers[1]->password_hash);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.living() == 1; }));
}

TEST_CASE("a creation of unknown fate is answered by what is read back, and by its repeat") {
    Rig rig;
    REQUIRE(rig.find(rig.directory).error().code == Errc::not_found);
    rig.channel.failing_table_appends = 1;
    rig.channel.failure = Errc::busy;
    CHECK(code(rig.create(rig.directory, first_try)) == Errc::unavailable);
    CHECK(rig.channel.table(slot).empty());
    rig.channel.failing_table_appends = 1;
    rig.channel.failure = Errc::unknown_outcome;
    const auto asked = std::chrono::steady_clock::now();
    CHECK(code(rig.create(rig.directory, first_try)) == Errc::unavailable);
    CHECK(std::chrono::steady_clock::now() - asked >=
          std::chrono::milliseconds(limits::channel_request_deadline_ms));
    CHECK(rig.create(rig.directory, first_try));
}

TEST_CASE("changes to one account are taken one after the other, in the order of asking") {
    Rig rig;
    Rig::Answers answers;
    rig.directory.create(info("0"), first_try, Rig::into(answers));
    rig.directory.change_password(alice, "1", 1, Rig::into(answers));
    rig.directory.change_password(alice, "2", 2, Rig::into(answers));
    bool removed = false;
    rig.directory.remove(alice, [&](const Result<void>& done) { removed = done.ok(); });
    rig.directory.create(info("3"), second_try, Rig::into(answers));
    REQUIRE(test::pump_until(rig.io, [&] { return answers.size() == 4; }));
    CHECK(removed);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        REQUIRE(answers[i]);
        CHECK(answers[i]->password_hash == std::to_string(i));
    }
}

TEST_CASE("a change that crosses the account's deletion is not_found, and leaves no account behind") {
    Rig rig;
    REQUIRE(rig.create(rig.directory, first_try));
    const auto key = parse_account_key(rig.channel.table(slot).front().key);
    REQUIRE(key);
    // The deletion is in the log before the change, and the directory has not heard of it when it writes.
    Rig::Answers answers;
    rig.directory.change_password(alice, "late", 2'000, Rig::into(answers));
    rig.append(*key, std::nullopt);
    REQUIRE(test::pump_until(rig.io, [&] { return !answers.empty(); }));
    CHECK(code(answers.front()) == Errc::not_found);
    REQUIRE(test::pump_until(rig.io, [&] { return rig.living() == 0; }));
    AccountDirectory after(rig.io, rig.channel, rig.log.log);
    CHECK(code(rig.find(after)) == Errc::not_found);
}

TEST_CASE("a removal takes those that lost the name along, so that none of them has it next") {
    Rig rig;
    const AccountKey winner{alice, Epoch::trusted("a")};
    const AccountKey loser{alice, Epoch::trusted("b")};
    for (const auto& key : {winner, loser})
        rig.append(key, encode_account_record({key, info(key.epoch.str()), key.epoch, std::nullopt}));
    CHECK(rig.find(rig.directory)->password_hash == "a");
    REQUIRE(rig.remove(rig.directory));
    CHECK(rig.living() == 0);
    CHECK(code(rig.find(rig.directory)) == Errc::not_found);
}

TEST_CASE(
    "what a compaction has left decides as the whole log did, and losers found at the start are deleted") {
    Rig rig;
    const AccountKey older{alice, Epoch::trusted("a")};
    const AccountKey younger{alice, Epoch::trusted("b")};
    rig.append(younger, encode_account_record({younger, info("b"), younger.epoch, std::nullopt}));
    rig.append(older, encode_account_record({older, info("a"), older.epoch, Seq{-1}}));
    CHECK(rig.find(rig.directory)->password_hash == "a");
    REQUIRE(test::pump_until(rig.io, [&] { return rig.living() == 1; }));
    CHECK(rig.channel.value_of(slot, encode_account_key(older)));
    CHECK(rig.change(rig.directory, "c")->password_hash == "c");
    AccountDirectory after(rig.io, rig.channel, rig.log.log);
    CHECK(rig.find(after)->password_hash == "c");
}

TEST_CASE("accounts are current when all the slots that are kept are read to their end") {
    Rig rig;
    REQUIRE(rig.create(rig.directory, first_try));
    AccountDirectory second(rig.io, rig.channel, rig.log.log);
    CHECK(second.current());
    second.keep({slot, Slot{0}});
    CHECK_FALSE(second.current());
    CHECK(test::pump_until(rig.io, [&] { return second.current(); }));
}

TEST_CASE("an account directory that goes away drops its questions") {
    Rig rig;
    Rig::Answers answers;
    {
        AccountDirectory brief(rig.io, rig.channel, rig.log.log);
        brief.create(info(), first_try, Rig::into(answers));
    }
    test::pump_ready(rig.io);
    CHECK(answers.empty());
}

TEST_CASE("too many requests for accounts at once are refused, and none of them before its deadline") {
    Rig rig;
    rig.channel.table_out_of_reach = true;
    int busy = 0;
    int unavailable = 0;
    const auto asked = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i <= limits::account_requests; ++i)
        rig.directory.find(alice, [&](const Result<AccountInfo>& answer) {
            ++(code(answer) == Errc::busy ? busy : unavailable);
        });
    REQUIRE(test::pump_until(rig.io, [&] { return unavailable > 0; }));
    CHECK(std::chrono::steady_clock::now() - asked >=
          std::chrono::milliseconds(limits::channel_request_deadline_ms));
    CHECK(busy == 1);
    REQUIRE(
        test::pump_until(rig.io, [&] { return unavailable == static_cast<int>(limits::account_requests); }));
    rig.channel.table_out_of_reach = false;
    CHECK(code(rig.ask([&](auto done) {
              rig.directory.create(info(std::string(limits::password_hash_bytes + 1, 'x')), first_try,
                                   std::move(done));
          })) == Errc::too_large);
}

}  // namespace roomcast::channel
