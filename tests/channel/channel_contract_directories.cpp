#include <map>

#include <spdlog/sinks/null_sink.h>

#include "shared/channel/account_directory.hpp"
#include "shared/channel/token_log.hpp"
#include "shared/ops/log.hpp"
#include "tests/channel/channel_contract.hpp"
#include "tests/support/pump.hpp"

// The part of the contract about the tables beside the rooms', and about what several servers agree on by
// them: two directories on one table stand for two servers.
namespace roomcast::channel::contract {
namespace {

using test::pump_until;
constexpr TimeMs minute = 60'000;

ops::Log& quiet() {
    static ops::Log log({}, "test", std::make_shared<spdlog::sinks::null_sink_mt>());
    return log;
}

AccountInfo new_account(const FoldedName& folded, std::string hash) {
    return {UserName::trusted(folded.str()), folded, make_epoch(), std::move(hash), 1'000, 1'000};
}
FoldedName new_name() { return FoldedName::trusted("name/" + make_epoch().str()); }

template <class T>
Result<T> ask(ChannelFixture& channel, const std::function<void(Callback<T>)>& request) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    request([answer](Result<T> result) { answer->emplace(std::move(result)); });
    REQUIRE(pump_until(channel.io(), [&] { return answer->has_value(); }));
    return std::move(**answer);
}
Result<AccountInfo> find(ChannelFixture& channel, AccountDirectory& in, const FoldedName& folded) {
    return ask<AccountInfo>(channel, [&](auto done) { in.find(folded, std::move(done)); });
}

/// The keys under a name whose last record is a value, as somebody sees it who begins to read now.
std::vector<std::string> living(ChannelFixture& channel, const FoldedName& folded) {
    RecordingTableSink sink;
    const auto following = channel.table(Table::accounts).follow(slot_of(folded), sink);
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
    std::map<std::string, bool> keys;
    for (const auto& entry : sink.entries)
        if (entry.key.starts_with(folded.str() + "/")) keys[entry.key] = entry.value.has_value();
    std::vector<std::string> left;
    for (const auto& [key, lives] : keys)
        if (lives) left.push_back(key);
    return left;
}

class SilentTokenSink final : public TokenSink {
public:
    int tokens = 0;
    int users = 0;
    void on_token_revoked(std::string_view, TimeMs, std::string_view) override { ++tokens; }
    void on_user_revoked(const FoldedName&, TimeMs, TimeMs, std::string_view) override { ++users; }
};

}  // namespace

void tables_do_not_mix(ChannelFixture& channel) {
    const std::string key = make_epoch().str();
    const std::map<Table, std::string> values = {
        {Table::rooms, "room"}, {Table::accounts, "account"}, {Table::tokens, "token"}};
    std::map<Table, RecordingTableSink> sinks;
    std::vector<std::unique_ptr<Following>> followings;
    std::map<Table, Seq> seqs;
    for (const auto& [table, value] : values) {
        followings.push_back(channel.table(table).follow(Slot{0}, sinks[table]));
        auto kept = ask<Seq>(
            channel, [&](auto done) { channel.table(table).append(Slot{0}, key, value, std::move(done)); });
        REQUIRE(kept.ok());
        seqs[table] = *kept;
    }
    for (const auto& [table, value] : values) {
        auto& sink = sinks[table];
        const auto mine = [&] {
            return std::ranges::find(sink.entries, key, &RecordingTableSink::Entry::key);
        };
        REQUIRE(
            pump_until(channel.io(), [&] { return mine() != sink.entries.end() && !sink.current.empty(); }));
        CHECK(mine()->value == value);
        CHECK(mine()->seq == seqs[table]);
        CHECK(mine()->slot == Slot{0});
        CHECK(std::ranges::count(sink.entries, key, &RecordingTableSink::Entry::key) == 1);
        CHECK(sink.current == std::vector<Slot>{Slot{0}});
    }
}

void one_account_for_two_that_make_it(ChannelFixture& channel) {
    const FoldedName folded = new_name();
    auto& table = channel.table(Table::accounts);
    std::vector<Result<AccountInfo>> answers;
    const auto note = [&](Result<AccountInfo> answer) { answers.push_back(std::move(answer)); };
    std::optional<std::string> winner;
    {
        AccountDirectory one(channel.io(), table, quiet());
        AccountDirectory two(channel.io(), table, quiet());
        one.create(new_account(folded, "one"), make_epoch(), note);
        two.create(new_account(folded, "two"), make_epoch(), note);
        REQUIRE(pump_until(channel.io(), [&] { return answers.size() == 2; }));
        for (const auto& answer : answers) {
            if (answer) {
                CHECK_FALSE(winner);
                winner = answer->password_hash;
            } else {
                CHECK(answer.error().code == Errc::name_taken);
            }
        }
        REQUIRE(winner);
        CHECK(find(channel, one, folded)->password_hash == *winner);
        CHECK(find(channel, two, folded)->password_hash == *winner);
        REQUIRE(pump_until(channel.io(), [&] { return living(channel, folded).size() == 1; }));
    }
    AccountDirectory restarted(channel.io(), table, quiet());
    CHECK(find(channel, restarted, folded)->password_hash == *winner);
    const auto third = ask<AccountInfo>(channel, [&](auto done) {
        restarted.create(new_account(folded, "three"), make_epoch(), std::move(done));
    });
    REQUIRE_FALSE(third.ok());
    CHECK(third.error().code == Errc::name_taken);
    // A change moves the winner's record behind everything: as after a compaction, it is still the first.
    const auto changed = ask<AccountInfo>(
        channel, [&](auto done) { restarted.change_password(folded, "changed", 2'000, std::move(done)); });
    REQUIRE(changed.ok());
    AccountDirectory last(channel.io(), table, quiet());
    CHECK(find(channel, last, folded)->password_hash == "changed");
    REQUIRE(ask<void>(channel, [&](auto done) { last.remove(folded, std::move(done)); }).ok());
    CHECK(living(channel, folded).empty());
}

void the_older_account_wins_behind_the_younger(ChannelFixture& channel) {
    const FoldedName folded = new_name();
    auto& table = channel.table(Table::accounts);
    const auto put = [&](const AccountKey& key, std::string hash, std::optional<Seq> created_at) {
        const AccountRecord record{key, new_account(folded, std::move(hash)), key.epoch, created_at};
        const auto kept = ask<Seq>(channel, [&](auto done) {
            table.append(slot_of(folded), encode_account_key(key), encode_account_record(record),
                         std::move(done));
        });
        REQUIRE(kept.ok());
        return *kept;
    };
    const AccountKey older{folded, make_epoch()};
    const AccountKey younger{folded, make_epoch()};
    const Seq created_at = put(older, "old", std::nullopt);
    put(younger, "young", std::nullopt);
    put(older, "changed", created_at);
    AccountDirectory directory(channel.io(), table, quiet());
    CHECK(find(channel, directory, folded)->password_hash == "changed");
    REQUIRE(pump_until(channel.io(), [&] {
        return living(channel, folded) == std::vector<std::string>{encode_account_key(older)};
    }));
}

void one_of_all_takes_wins(ChannelFixture& channel) {
    auto& table = channel.table(Table::tokens);
    SilentTokenSink sink;
    TokenLog one(channel.io(), table, sink, quiet());
    TokenLog two(channel.io(), table, sink, quiet());
    const TimeMs expires = now_ms() + minute;
    for (int round = 0; round < 5; ++round) {
        const std::string ticket = make_epoch().str();
        int taken = 0;
        int refused = 0;
        for (TokenLog* const log : {&one, &two, &one, &two})
            log->take_ticket(ticket, expires, [&](const Result<void>& answer) {
                ++(answer ? taken : refused);
                if (!answer) CHECK(answer.error().code == Errc::bad_token);
            });
        REQUIRE(pump_until(channel.io(), [&] { return taken + refused == 4; }));
        CHECK(taken == 1);
        TokenLog restarted(channel.io(), table, sink, quiet());
        const auto again =
            ask<void>(channel, [&](auto done) { restarted.take_ticket(ticket, expires, std::move(done)); });
        REQUIRE_FALSE(again.ok());
        CHECK(again.error().code == Errc::bad_token);
    }
}

void revocations_reach_everyone(ChannelFixture& channel) {
    auto& table = channel.table(Table::tokens);
    SilentTokenSink before;
    SilentTokenSink after;
    TokenLog one(channel.io(), table, before, quiet());
    const TimeMs expires = now_ms() + minute;
    REQUIRE(ask<void>(channel, [&](auto done) {
                one.revoke(make_epoch().str(), expires, "logged out", std::move(done));
            }).ok());
    TokenLog two(channel.io(), table, after, quiet());
    REQUIRE(ask<void>(channel, [&](auto done) {
                one.revoke_user(new_name(), now_ms(), expires, "password changed", std::move(done));
            }).ok());
    REQUIRE(pump_until(channel.io(), [&] { return two.current() && after.tokens > 0 && after.users > 0; }));
    CHECK(after.tokens == before.tokens);
    CHECK(after.users == before.users);
}

}  // namespace roomcast::channel::contract
