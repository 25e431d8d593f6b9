#include "shared/channel/account_table.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::channel {
namespace {

const FoldedName alice = FoldedName::trusted("alice");
AccountKey key(std::string_view epoch, const FoldedName& folded = alice) {
    return {folded, Epoch::trusted(std::string(epoch))};
}
AccountRecord record(const AccountKey& of, std::optional<Seq> created_at = std::nullopt) {
    return {
        of, {UserName::trusted("Alice"), of.folded, of.epoch, "hash", 1'000, 1'000}, of.epoch, created_at};
}
std::string text(const AccountKey& of, std::optional<Seq> created_at = std::nullopt) {
    return encode_account_record(record(of, created_at));
}
std::optional<AccountKey> winner(const SlotAccounts& accounts, const FoldedName& folded = alice) {
    const auto* found = accounts.find(folded);
    return found == nullptr ? std::nullopt : std::optional(found->key);
}
using Keys = std::vector<AccountKey>;

struct Row {
    Seq seq;
    AccountKey key;
    std::optional<std::string> value;
};
Keys put(SlotAccounts& accounts, const Row& row) {
    return accounts.apply(row.seq, encode_account_key(row.key),
                          row.value ? std::optional<std::string_view>(*row.value) : std::nullopt);
}
SlotAccounts read(const std::vector<Row>& rows) {
    SlotAccounts accounts;
    for (const auto& row : rows) put(accounts, row);
    return accounts;
}
/// What compaction may leave: of each key the last record, of which deletions may be gone too.
std::vector<Row> compacted(const std::vector<Row>& rows, bool without_deletions) {
    std::map<AccountKey, Seq> last;
    for (const auto& row : rows) last[row.key] = row.seq;
    std::vector<Row> left;
    for (const auto& row : rows)
        if (last[row.key] == row.seq && (row.value || !without_deletions)) left.push_back(row);
    return left;
}

}  // namespace

TEST_CASE("an account's record and key are read as they were written, also where the name holds a slash") {
    for (const char* name : {"alice", "a/b", "/", "//x/", "κόσμε 🎉"}) {
        const auto of = key("e1", FoldedName::trusted(name));
        CHECK(parse_account_key(encode_account_key(of)) == of);
    }
    for (const char* bad : {"", "alice", "alice/", "/e1", "alice/E1", "alice/e1 ", "\xff/e1"})
        CHECK_FALSE(parse_account_key(bad));
    AccountRecord written{
        key("e1"),
        {UserName::trusted("Ali\"ce"), alice, Epoch::trusted("try1"), "$2b$12$x", 1'795'255'200'123, 7},
        Epoch::trusted("try1"),
        Seq{42}};
    const auto read_back = decode_account_record(key("e1"), encode_account_record(written));
    REQUIRE(read_back);
    CHECK(read_back->key == key("e1"));
    CHECK(read_back->info.name.str() == "Ali\"ce");
    CHECK(read_back->info.folded == alice);
    CHECK(read_back->info.password_hash == "$2b$12$x");
    CHECK(read_back->info.created == 1'795'255'200'123);
    CHECK(read_back->info.password_changed == 7);
    CHECK(read_back->attempt == Epoch::trusted("try1"));
    CHECK(read_back->created_at == Seq{42});
}

TEST_CASE("the first creation of an account's name wins, and the others are told as superfluous") {
    SlotAccounts accounts;
    CHECK(put(accounts, {Seq{0}, key("a"), text(key("a"))}).empty());
    CHECK(put(accounts, {Seq{1}, key("b"), text(key("b"))}) == Keys{key("b")});
    CHECK(winner(accounts) == key("a"));
    CHECK(accounts.find(alice)->created_at == Seq{0});
    CHECK(accounts.all_of(alice) == Keys{key("a"), key("b")});
    CHECK(accounts.superfluous() == Keys{key("b")});
    CHECK(put(accounts, {Seq{2}, key("b"), std::nullopt}).empty());
    CHECK(accounts.superfluous().empty());
    CHECK(put(accounts, {Seq{3}, key("a"), std::nullopt}).empty());
    CHECK(accounts.find(alice) == nullptr);
    CHECK(put(accounts, {Seq{4}, key("c"), text(key("c"))}).empty());
    CHECK(winner(accounts) == key("c"));
    CHECK(accounts.size() == 1);
}

TEST_CASE("a change keeps the winner, also when compaction has moved it behind the loser") {
    SlotAccounts accounts;
    put(accounts, {Seq{1}, key("b"), text(key("b"))});
    CHECK(put(accounts, {Seq{5}, key("a"), text(key("a"), Seq{0})}) == Keys{key("b")});
    CHECK(winner(accounts) == key("a"));
    // A creation that is shown again does not move.
    put(accounts, {Seq{9}, key("a"), text(key("a"))});
    CHECK(accounts.find(alice)->created_at == Seq{0});
}

TEST_CASE("a change that stands behind its account's deletion does not bring it back") {
    SlotAccounts accounts;
    put(accounts, {Seq{0}, key("a"), text(key("a"))});
    put(accounts, {Seq{1}, key("a"), std::nullopt});
    CHECK(put(accounts, {Seq{2}, key("a"), text(key("a"), Seq{0})}) == Keys{key("a")});
    CHECK(accounts.find(alice) == nullptr);
    CHECK(accounts.superfluous() == Keys{key("a")});
    put(accounts, {Seq{3}, key("a"), std::nullopt});
    CHECK(accounts.superfluous().empty());
}

TEST_CASE("so many deletions are remembered, and no more") {
    SlotAccounts accounts;
    const auto nth = [](std::size_t n) { return key("e" + std::to_string(n)); };
    std::int64_t seq = 0;
    for (std::size_t n = 0; n <= limits::account_graves_per_slot; ++n)
        put(accounts, {Seq{seq++}, nth(n), std::nullopt});
    CHECK(put(accounts, {Seq{seq++}, nth(1), text(nth(1), Seq{0})}) == Keys{nth(1)});
    CHECK(put(accounts, {Seq{seq++}, nth(0), text(nth(0), Seq{0})}).empty());
    CHECK(winner(accounts) == nth(0));
}

TEST_CASE("what is no account's record is left alone") {
    SlotAccounts accounts;
    put(accounts, {Seq{0}, key("a"), text(key("a"))});
    for (const char* bad : {"", "x", "alice/A", "alice"}) accounts.apply(Seq{1}, bad, text(key("b")));
    const std::string long_hash(limits::password_hash_bytes + 1, 'x');
    auto too_long = record(key("b"));
    too_long.info.password_hash = long_hash;
    for (const std::string& value : {std::string(), std::string("{"), std::string("7"), std::string("{}"),
                                     std::string(R"({"user":"Alice"})"), encode_account_record(too_long)})
        put(accounts, {Seq{2}, key("b"), value});
    put(accounts, {Seq{3}, key("a"), "not a record"});
    CHECK(accounts.all_of(alice) == Keys{key("a")});
}

TEST_CASE("compaction never changes who has an account's name") {
    std::mt19937 random(20261121);
    int decided_by_order = 0;
    for (int round = 0; round < 500; ++round) {
        std::vector<Row> rows;
        std::vector<std::pair<AccountKey, Seq>> living;
        SlotAccounts live;
        const auto add = [&](const AccountKey& of, std::optional<std::string> value) {
            rows.push_back({Seq{static_cast<std::int64_t>(rows.size())}, of, std::move(value)});
            put(live, rows.back());
        };
        for (std::size_t step = 0, steps = 1 + random() % 12; step < steps; ++step) {
            const auto choice = random() % 6;
            if (living.empty() || choice < 3) {
                living.emplace_back(key("e" + std::to_string(step)),
                                    Seq{static_cast<std::int64_t>(rows.size())});
                add(living.back().first, text(living.back().first));
                if (living.size() > 1) ++decided_by_order;
            } else if (choice == 3) {
                const auto holder = winner(live);
                for (const auto& [one, created_at] : living)
                    if (one == holder) add(one, text(one, created_at));
            } else {
                const std::size_t at = random() % living.size();
                add(living[at].first, std::nullopt);
                living.erase(living.begin() + static_cast<std::ptrdiff_t>(at));
            }
            for (const bool without_deletions : {false, true})
                REQUIRE(winner(read(compacted(rows, without_deletions))) == winner(live));
        }
    }
    CHECK(decided_by_order > 250);
}

}  // namespace roomcast::channel
