#include "consumer/dedupe_window.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {

constexpr std::int64_t most_records = limits::dedupe_window_records;
constexpr TimeMs most_ms = limits::dedupe_window_ms;

/// The rule itself, by a memory of everything.
class Unbounded {
public:
    std::optional<Seq> admit(Seq seq, TimeMs time, const std::string& id) {
        const auto [found, fresh] = said_.try_emplace(id, Said{seq, time, seq});
        Said& latest = found->second;
        const bool repeat =
            !fresh && seq.value - latest.seq.value <= most_records && time - latest.time <= most_ms;
        latest = {seq, time, repeat ? latest.first : seq};
        return repeat ? std::optional<Seq>(latest.first) : std::nullopt;
    }

private:
    struct Said {
        Seq seq;
        TimeMs time;
        Seq first;
    };
    std::map<std::string, Said> said_;
};

}  // namespace

TEST_CASE("a repeat is told with the seq of its first, however often it comes") {
    DedupeWindow window;
    CHECK_FALSE(window.admit(Seq{10}, 0, "alice", "c1"));
    CHECK(window.admit(Seq{11}, 1, "alice", "c1") == Seq{10});
    CHECK(window.admit(Seq{20}, 2, "alice", "c1") == Seq{10});
    CHECK_FALSE(window.admit(Seq{21}, 3, "alice", "c2"));
}

TEST_CASE("ids are each user's own, and user and id do not run together") {
    DedupeWindow window;
    CHECK_FALSE(window.admit(Seq{0}, 0, "alice", "c1"));
    CHECK_FALSE(window.admit(Seq{1}, 0, "bob", "c1"));
    CHECK_FALSE(window.admit(Seq{2}, 0, "alicec", "1"));
    CHECK_FALSE(window.admit(Seq{3}, 0, "", "alicec1"));
}

TEST_CASE("the window ends behind its last record and its last millisecond") {
    const auto repeats = [](std::int64_t records, TimeMs ms) {
        DedupeWindow window;
        window.admit(Seq{5}, 1000, "alice", "c1");
        return window.admit(Seq{5 + records}, 1000 + ms, "alice", "c1").has_value();
    };
    CHECK(repeats(most_records, 0));
    CHECK_FALSE(repeats(most_records + 1, 0));
    CHECK(repeats(1, most_ms));
    CHECK_FALSE(repeats(1, most_ms + 1));
    CHECK(repeats(most_records, most_ms));
    CHECK(repeats(1, -5000));  // clocks differ
}

TEST_CASE("a repeat of a repeat counts from the newer one, and still means the first") {
    DedupeWindow window;
    window.admit(Seq{0}, 0, "alice", "c1");
    CHECK(window.admit(Seq{most_records}, most_ms, "alice", "c1") == Seq{0});
    CHECK(window.admit(Seq{2 * most_records}, 2 * most_ms, "alice", "c1") == Seq{0});
    CHECK_FALSE(window.admit(Seq{3 * most_records + 1}, 2 * most_ms, "alice", "c1"));
    CHECK(window.admit(Seq{3 * most_records + 2}, 2 * most_ms, "alice", "c1") == Seq{3 * most_records + 1});
}

TEST_CASE("the window forgets what lies outside of it") {
    DedupeWindow window;
    for (std::int64_t i = 0; i < 3 * most_records; ++i) window.admit(Seq{i}, 0, "alice", std::to_string(i));
    CHECK(window.size() == static_cast<std::size_t>(most_records) + 1);
    window.admit(Seq{3 * most_records}, 10 * most_ms, "alice", "late");
    CHECK(window.size() == 1);
}

TEST_CASE("the window tells what a memory of everything would") {
    std::mt19937 random(23);
    int repeats = 0;
    for (int round = 0; round < 30; ++round) {
        DedupeWindow window;
        Unbounded all;
        Seq seq{0};
        TimeMs time = 1'000'000;
        const auto ids = 1 + random() % 20'000;
        for (int i = 0; i < 30'000; ++i) {
            // Bursts, and pauses that empty the window.
            time += random() % 5'000 == 0 ? most_ms : static_cast<TimeMs>(random() % 20);
            seq = Seq{seq.value + 1 + static_cast<std::int64_t>(random() % 200 == 0 ? random() % 3'000 : 0)};
            const auto stamp = time - static_cast<TimeMs>(random() % 5'000);
            const auto id = std::to_string(random() % ids);
            const auto told = window.admit(seq, stamp, "alice", id);
            if (told != all.admit(seq, stamp, id)) FAIL("record ", i, " of round ", round);
            repeats += told ? 1 : 0;
        }
    }
    CHECK(repeats > 100'000);
}

TEST_CASE("of two million different messages none is a repeat, though some look alike to the table") {
    DedupeWindow window;
    int repeats = 0;
    for (std::int64_t i = 0; i < 2'000'000; ++i)
        repeats += window.admit(Seq{i}, 0, "alice", std::to_string(i)) ? 1 : 0;
    CHECK(repeats == 0);
}

TEST_CASE("the table grows with the window, and shrinks again when a busy room has become quiet") {
    DedupeWindow window;
    for (std::int64_t i = 0; i < 2 * most_records; ++i) window.admit(Seq{i}, 0, "alice", std::to_string(i));
    CHECK(window.table_slots() == 16'384);
    TimeMs time = 0;
    for (std::int64_t i = 2 * most_records; i < 2 * most_records + 10; ++i)
        window.admit(Seq{i}, time += 2 * most_ms, "alice", std::to_string(i));
    CHECK(window.size() == 1);
    CHECK(window.table_slots() == 16);
}

TEST_CASE("two windows tell the same though their keys differ") {
    for (int i = 0; i < 50; ++i) {
        DedupeWindow window;
        CHECK_FALSE(window.admit(Seq{1}, 0, "alice", "c1"));
        CHECK(window.admit(Seq{2}, 0, "alice", "c1") == Seq{1});
        CHECK_FALSE(window.admit(Seq{3}, 0, "alice", "c2"));
    }
}

TEST_CASE("who begins in the middle, far enough back, judges as who began with the log") {
    std::mt19937 random(17);
    int repeats = 0;
    int begun_by_time = 0;
    for (int round = 0; round < 40; ++round) {
        struct Said {
            Seq seq;
            TimeMs time;
            std::string id;
        };
        std::vector<Said> log;
        Seq seq{0};
        TimeMs time = 1'000'000;
        const TimeMs step = round % 2 == 0 ? 30 : 2'000;  // a busy room, and a slow one
        const auto ids = 20 + random() % 4000;
        for (int i = 0; i < 12'000; ++i) {
            seq = Seq{seq.value + 1 + static_cast<std::int64_t>(random() % 50 == 0 ? random() % 900 : 0)};
            time += static_cast<TimeMs>(random() % static_cast<unsigned>(2 * step));
            // Clocks of edges differ by less than what reaches_back allows for.
            log.push_back(
                {seq, time - static_cast<TimeMs>(random() % 5'000), "c" + std::to_string(random() % ids)});
        }
        DedupeWindow whole;
        std::vector<bool> is_repeat;
        is_repeat.reserve(log.size());
        for (const auto& said : log)
            is_repeat.push_back(whole.admit(said.seq, said.time, "alice", said.id).has_value());
        for (int begin = 0; begin < 3; ++begin) {
            const std::size_t from = random() % log.size();
            DedupeWindow late;
            for (std::size_t i = from; i < log.size(); ++i) {
                const bool repeat = late.admit(log[i].seq, log[i].time, "alice", log[i].id).has_value();
                if (!DedupeWindow::reaches_back(log[from].seq, log[from].time, log[i].seq, log[i].time))
                    continue;
                if (log[i].seq.value - log[from].seq.value < most_records) ++begun_by_time;
                if (repeat != is_repeat[i]) FAIL("record ", i, " read from ", from, " in round ", round);
                repeats += repeat ? 1 : 0;
            }
        }
    }
    CHECK(repeats > 10'000);
    CHECK(begun_by_time > 1'000);
}

}  // namespace roomcast::consumer
