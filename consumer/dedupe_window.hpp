#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::consumer {

/// Tells which records of a log repeat an earlier one: same user and id, within limits::dedupe_window_records
/// and limits::dedupe_window_ms.
///
/// A value of one reader. The answer depends on the log alone, so that all who read a log agree, when each
/// shows it the records in order from far enough back (`reaches_back`). Holds 64 bytes for each record in the
/// window.
class DedupeWindow {
public:
    /// Takes the next record. For a repeat: the seq under which its message was first seen.
    std::optional<Seq> admit(Seq seq, TimeMs time, std::string_view user, std::string_view id);
    [[nodiscard]] std::size_t size() const { return order_.size(); }

    /// Whether a window that began with a record of (`earliest_seq`, `earliest_time`) judges a record of
    /// (`seq`, `time`) as one that began with the log would.
    [[nodiscard]] static bool reaches_back(Seq earliest_seq, TimeMs earliest_time, Seq seq, TimeMs time);

private:
    using Key = std::array<std::uint64_t, 2>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0]); }
    };
    struct Seen {
        Seq latest;
        TimeMs time;
        Seq first;
    };
    struct Item {
        Key key;
        Seq seq;
        TimeMs time;
    };
    void forget_before(Seq seq, TimeMs time);

    std::deque<Item> order_;
    std::unordered_map<Key, Seen, KeyHash> seen_;
};

}  // namespace roomcast::consumer
