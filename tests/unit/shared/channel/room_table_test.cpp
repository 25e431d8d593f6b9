#include "shared/channel/room_table.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <doctest/doctest.h>

namespace roomcast::channel {
namespace {

const RoomSlug general = RoomSlug::trusted("general");
LogId log(std::string_view epoch, const RoomSlug& room = general) {
    return {room, Epoch::trusted(std::string(epoch))};
}

std::string creation(const LogId& of, std::optional<Seq> created_at = std::nullopt) {
    return encode_room_record(
        {RoomInfo{of, Actor{UserName::trusted("alice"), "a1"}, 1'795'255'200'123}, created_at});
}
std::optional<LogId> winner(const SlotRooms& rooms, const RoomSlug& room = general) {
    const auto* info = rooms.find(room);
    return info == nullptr ? std::nullopt : std::optional<LogId>(info->log);
}

struct Row {
    Seq seq;
    std::string key;
    std::optional<std::string> value;
};
SlotRooms read(const std::vector<Row>& rows) {
    SlotRooms rooms;
    for (const auto& row : rows)
        rooms.apply(row.seq, row.key, row.value ? std::optional<std::string_view>(*row.value) : std::nullopt);
    return rooms;
}
/// What compaction may leave: of each key the last record, of which deletions may be gone too.
std::vector<Row> compacted(const std::vector<Row>& rows, bool without_deletions) {
    std::map<std::string, Seq> last;
    for (const auto& row : rows) last[row.key] = row.seq;
    std::vector<Row> left;
    for (const auto& row : rows)
        if (last[row.key] == row.seq && (row.value || !without_deletions)) left.push_back(row);
    return left;
}

}  // namespace

TEST_CASE("a room's record and key are read as they were written") {
    const RoomRecord record{RoomInfo{log("e1"), Actor{UserName::trusted("Ali\"ce"), "a1"}, 1'795'255'200'123},
                            Seq{42}};
    const auto read_back = decode_room_record(encode_room_record(record));
    REQUIRE(read_back);
    CHECK(read_back->info.log == log("e1"));
    CHECK(read_back->info.owner == record.info.owner);
    CHECK(read_back->info.created == 1'795'255'200'123);
    CHECK(read_back->created_at == Seq{42});
    CHECK_FALSE(decode_room_record(creation(log("e1")))->created_at);
    CHECK(room_key(log("e1")) == "general/e1");
    CHECK(parse_room_key("general/e1") == log("e1"));
    for (const char* bad : {"", "general", "general/", "/e1", "general/e1/x", "General/e1", "general/E1"})
        CHECK_FALSE(parse_room_key(bad));
}

TEST_CASE("the first creation of a name wins, and the others are told as losers") {
    SlotRooms rooms;
    const auto first = rooms.apply(Seq{0}, room_key(log("a")), creation(log("a")));
    CHECK_FALSE(first.loser);
    CHECK_FALSE(first.gone);
    const auto second = rooms.apply(Seq{1}, room_key(log("b")), creation(log("b")));
    CHECK(second.loser == log("b"));
    CHECK_FALSE(second.gone);
    CHECK(winner(rooms) == log("a"));
    CHECK(rooms.size() == 1);
    const auto other = RoomSlug::trusted("other");
    CHECK_FALSE(rooms.apply(Seq{2}, room_key(log("b", other)), creation(log("b", other))).loser);
    CHECK(rooms.size() == 2);
}

TEST_CASE("a deletion frees the name, and a loser's deletion changes nothing") {
    SlotRooms rooms;
    rooms.apply(Seq{0}, room_key(log("a")), creation(log("a")));
    rooms.apply(Seq{1}, room_key(log("b")), creation(log("b")));
    const auto cleaned = rooms.apply(Seq{2}, room_key(log("b")), std::nullopt);
    CHECK_FALSE(cleaned.gone);
    CHECK(winner(rooms) == log("a"));
    CHECK(rooms.apply(Seq{3}, room_key(log("a")), std::nullopt).gone == log("a"));
    CHECK_FALSE(winner(rooms));
    CHECK(rooms.size() == 0);
    CHECK_FALSE(rooms.apply(Seq{4}, room_key(log("c")), creation(log("c"))).loser);
    CHECK(winner(rooms) == log("c"));
}

TEST_CASE("an update of the winner keeps it the winner, also when it has moved behind the loser") {
    SlotRooms rooms;
    rooms.apply(Seq{1}, room_key(log("b")), creation(log("b")));
    CHECK(winner(rooms) == log("b"));
    // Compaction has left the update alone of what made "a" the first one.
    const auto change = rooms.apply(Seq{5}, room_key(log("a")), creation(log("a"), Seq{0}));
    CHECK(change.gone == log("b"));
    CHECK(change.loser == log("b"));
    CHECK(winner(rooms) == log("a"));
    CHECK(rooms.apply(Seq{6}, room_key(log("c")), creation(log("c"))).loser == log("c"));
    CHECK(winner(rooms) == log("a"));
}

TEST_CASE("what is not ours is left alone") {
    SlotRooms rooms;
    rooms.apply(Seq{0}, room_key(log("a")), creation(log("a")));
    for (const char* key : {"", "x", "General/a", "general"}) rooms.apply(Seq{1}, key, creation(log("b")));
    for (const std::string& value :
         {std::string(), std::string("{"), std::string("7"), std::string("{}"), creation(log("c"))})
        rooms.apply(Seq{2}, room_key(log("b")), value);
    rooms.apply(Seq{3}, room_key(log("a")), "not a record");
    rooms.apply(Seq{4}, "general", std::nullopt);
    CHECK(winner(rooms) == log("a"));
    CHECK(rooms.size() == 1);
}

TEST_CASE("compaction never changes the winner, whatever was created, updated and deleted in between") {
    std::mt19937 random(20261121);
    int decided_by_order = 0;
    for (int round = 0; round < 1000; ++round) {
        std::vector<Row> rows;
        std::vector<std::pair<LogId, Seq>> living;  // and the seq of the creation
        SlotRooms live;
        const auto put = [&](const LogId& of, std::optional<std::string> value) {
            rows.push_back({Seq{static_cast<std::int64_t>(rows.size())}, room_key(of), std::move(value)});
            const auto& row = rows.back();
            live.apply(row.seq, row.key,
                       row.value ? std::optional<std::string_view>(*row.value) : std::nullopt);
        };
        for (std::size_t step = 0, steps = 1 + random() % 12; step < steps; ++step) {
            const auto made_at = Seq{static_cast<std::int64_t>(rows.size())};
            const auto choice = random() % 6;
            if (living.empty() || choice < 3) {
                living.emplace_back(log("e" + std::to_string(step)), made_at);
                put(living.back().first, creation(living.back().first));
                if (living.size() > 1) ++decided_by_order;
            } else if (choice == 3) {
                const auto holder = winner(live);
                for (const auto& [one, created_at] : living)
                    if (one == holder) put(one, creation(one, created_at));
            } else {
                const std::size_t at = random() % living.size();
                put(living[at].first, std::nullopt);
                living.erase(living.begin() + static_cast<std::ptrdiff_t>(at));
            }
            for (const bool without_deletions : {false, true})
                if (winner(read(compacted(rows, without_deletions))) != winner(live)) {
                    for (const auto& row : rows)
                        MESSAGE(row.seq.value, " ", row.key, " ", row.value.value_or("deleted"));
                    FAIL("compaction changed the winner");
                }
            REQUIRE(winner(read(rows)) == winner(live));
        }
    }
    CHECK(decided_by_order > 500);
}

}  // namespace roomcast::channel
