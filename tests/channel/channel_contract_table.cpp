#include <map>

#include "tests/channel/channel_contract.hpp"
#include "tests/support/pump.hpp"

// The part of the contract about the table. Slots may hold other tests' keys and records that compaction has
// not removed yet; each test looks at keys of its own.
namespace roomcast::channel::contract {
namespace {

using test::pump_until;
using Entry = RecordingTableSink::Entry;

std::string new_prefix() { return make_epoch().str() + "/"; }

std::vector<Entry> entries_of(const RecordingTableSink& sink, const std::string& prefix) {
    std::vector<Entry> found;
    for (const Entry& entry : sink.entries) {
        if (entry.key.starts_with(prefix)) found.push_back(entry);
    }
    return found;
}

/// What is left when every record has been applied in order.
std::map<std::string, std::string> contents(const RecordingTableSink& sink, const std::string& prefix) {
    std::map<std::string, std::string> table;
    for (const Entry& entry : entries_of(sink, prefix)) {
        if (entry.value) {
            table[entry.key] = *entry.value;
        } else {
            table.erase(entry.key);
        }
    }
    return table;
}

void wait_until_current(ChannelFixture& channel, const RecordingTableSink& sink) {
    REQUIRE(pump_until(channel.io(), [&] { return !sink.current.empty(); }));
}

void wait_for_seq(ChannelFixture& channel, const RecordingTableSink& sink, Seq seq) {
    REQUIRE(pump_until(channel.io(), [&] {
        return std::ranges::find(sink.entries, seq, &Entry::seq) != sink.entries.end();
    }));
}

}  // namespace

void table_shows_everything_then_current_then_later(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    const Slot slot{5};
    std::vector<Seq> seqs;
    for (const char* key : {"a", "b", "c"}) seqs.push_back(append_to_table(channel, slot, prefix + key, key));
    RecordingTableSink sink;
    const auto following = channel.table().follow(slot, sink);
    CHECK(sink.entries.empty());  // never from inside the call
    wait_until_current(channel, sink);
    CHECK(sink.entries_when_current == sink.entries.size());
    CHECK(entries_of(sink, prefix).size() == 3);
    seqs.push_back(append_to_table(channel, slot, prefix + "d", "d"));
    wait_for_seq(channel, sink, seqs.back());

    const auto entries = entries_of(sink, prefix);
    REQUIRE(entries.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(entries[i].slot == slot);
        CHECK(entries[i].seq == seqs[i]);
        CHECK(entries[i].key == prefix + std::string(1, static_cast<char>('a' + i)));
        CHECK(entries[i].value == std::string(1, static_cast<char>('a' + i)));
    }
    CHECK(std::ranges::adjacent_find(seqs, std::greater_equal<>{}) == seqs.end());
    CHECK(sink.current == std::vector<Slot>{slot});
}

void table_of_an_empty_slot_is_current(ChannelFixture& channel) {
    RecordingTableSink sink;
    const auto following = channel.table().follow(Slot{slot_count - 1}, sink);
    CHECK(sink.current.empty());  // never from inside the call
    wait_until_current(channel, sink);
    CHECK(sink.current == std::vector<Slot>{Slot{slot_count - 1}});
}

void table_keeps_the_last_value(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    const Slot slot{6};
    for (int i = 0; i < 20; ++i) {
        append_to_table(channel, slot, prefix + (i % 2 == 0 ? "even" : "odd"), std::to_string(i));
    }
    RecordingTableSink sink;
    const auto following = channel.table().follow(slot, sink);
    wait_until_current(channel, sink);
    CHECK(contents(sink, prefix) ==
          std::map<std::string, std::string>{{prefix + "even", "18"}, {prefix + "odd", "19"}});
    CHECK(std::ranges::adjacent_find(sink.entries, std::greater_equal<>{}, &Entry::seq) ==
          sink.entries.end());
}

void table_deletes_a_key(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    const Slot slot{7};
    RecordingTableSink before;
    const auto following_before = channel.table().follow(slot, before);
    append_to_table(channel, slot, prefix + "kept", "1");
    append_to_table(channel, slot, prefix + "deleted", "2");
    const Seq deletion = append_to_table(channel, slot, prefix + "deleted", std::nullopt);
    wait_for_seq(channel, before, deletion);
    CHECK_FALSE(before.entries.back().value.has_value());
    RecordingTableSink after;
    const auto following_after = channel.table().follow(slot, after);
    wait_until_current(channel, after);
    const std::map<std::string, std::string> expected{{prefix + "kept", "1"}};
    CHECK(contents(before, prefix) == expected);
    CHECK(contents(after, prefix) == expected);
}

void table_slots_do_not_mix(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    RecordingTableSink here;
    RecordingTableSink there;
    const auto following_here = channel.table().follow(Slot{8}, here);
    wait_until_current(channel, here);
    append_to_table(channel, Slot{8}, prefix + "key", "here");
    append_to_table(channel, Slot{9}, prefix + "key", "there");
    const Seq last_here = append_to_table(channel, Slot{8}, prefix + "last", "here");
    const auto following_there = channel.table().follow(Slot{9}, there);
    wait_until_current(channel, there);
    wait_for_seq(channel, here, last_here);
    CHECK(contents(here, prefix) ==
          std::map<std::string, std::string>{{prefix + "key", "here"}, {prefix + "last", "here"}});
    CHECK(contents(there, prefix) == std::map<std::string, std::string>{{prefix + "key", "there"}});
    for (const Entry& entry : there.entries) CHECK(entry.slot == Slot{9});
    CHECK(here.current.size() == 1);
}

void table_following_that_ended(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    const Slot slot{10};
    RecordingTableSink ended;
    RecordingTableSink going_on;
    auto following = channel.table().follow(slot, ended);
    const auto other = channel.table().follow(slot, going_on);
    wait_for_seq(channel, ended, append_to_table(channel, slot, prefix + "a", "a"));
    following.reset();
    wait_for_seq(channel, going_on, append_to_table(channel, slot, prefix + "b", "b"));
    CHECK(entries_of(ended, prefix).size() == 1);
    CHECK(entries_of(going_on, prefix).size() == 2);
}

void table_values_may_be_empty_or_large(ChannelFixture& channel) {
    const std::string prefix = new_prefix();
    const Slot slot{11};
    const std::string large(100'000, 'x');
    append_to_table(channel, slot, prefix + "empty", "");
    append_to_table(channel, slot, prefix + "large", large);
    append_to_table(channel, slot, prefix + "text", "{\n\"title\": \"κόσμε 🎉\"}\n");
    RecordingTableSink sink;
    const auto following = channel.table().follow(slot, sink);
    wait_until_current(channel, sink);
    const auto table = contents(sink, prefix);
    REQUIRE(table.size() == 3);
    CHECK(table.at(prefix + "empty").empty());
    CHECK((table.at(prefix + "large") == large));
    CHECK(table.at(prefix + "text") == "{\n\"title\": \"κόσμε 🎉\"}\n");
}

}  // namespace roomcast::channel::contract
