#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "consumer/sip_hash.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::consumer {

/// Tells which records of a log repeat an earlier one: same user and id, within limits::dedupe_window_records
/// and limits::dedupe_window_ms.
///
/// A value of one reader. The answer depends on the log alone, so that all who read a log agree, when each
/// shows it the records in order from far enough back (`reaches_back`). Holds some 60 bytes for each record
/// in the window. Of user and id it keeps a digest by a key of its own, which nobody can make collide.
class DedupeWindow {
public:
    DedupeWindow() : hash_key_(SipHash::random_key()) {}

    /// Takes the next record. For a repeat: the seq under which its message was first seen.
    std::optional<Seq> admit(Seq seq, TimeMs time, std::string_view user, std::string_view id);
    [[nodiscard]] std::size_t size() const { return order_.size(); }
    [[nodiscard]] std::size_t table_slots() const { return table_.size(); }

    /// Whether a window that began with a record of (`earliest_seq`, `earliest_time`) judges a record of
    /// (`seq`, `time`) as one that began with the log would.
    [[nodiscard]] static bool reaches_back(Seq earliest_seq, TimeMs earliest_time, Seq seq, TimeMs time);

private:
    struct Item {
        SipHash::Digest digest;
        Seq seq;
        TimeMs time;
        Seq first;  // of this message
    };
    /// Where the latest record of a digest stands. `mark` is a part of the digest, never 0 in use.
    struct Slot {
        std::uint32_t mark = 0;
        std::uint32_t number = 0;
    };

    void forget_before(Seq seq, TimeMs time);
    [[nodiscard]] Item& item(std::uint32_t number) { return order_[number - oldest_]; }
    [[nodiscard]] std::size_t home(std::uint32_t mark) const { return (mark >> 1) & (table_.size() - 1); }
    [[nodiscard]] std::size_t after(std::size_t at) const { return (at + 1) & (table_.size() - 1); }
    [[nodiscard]] std::size_t place_of(const SipHash::Digest& digest);
    void erase(const SipHash::Digest& digest, std::uint32_t number);
    void resize(std::size_t slots);

    SipHash::Key hash_key_;
    std::deque<Item> order_;    // in the window, by seq
    std::uint32_t oldest_ = 0;  // the number of order_'s first
    std::vector<Slot> table_;   // open addressing, a power of two; a slot for each digest
    std::size_t used_ = 0;      // slots
};

}  // namespace roomcast::consumer
