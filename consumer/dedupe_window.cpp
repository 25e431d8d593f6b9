#include "consumer/dedupe_window.hpp"

#include <algorithm>
#include <utility>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {

/// Edges stamp times by clocks of their own; so far apart they may be.
constexpr TimeMs clock_skew_ms = 60'000;
constexpr std::size_t fewest_slots = 16;

std::uint32_t mark_of(const SipHash::Digest& digest) { return static_cast<std::uint32_t>(digest[0]) | 1; }

}  // namespace

std::optional<Seq> DedupeWindow::admit(Seq seq, TimeMs time, std::string_view user, std::string_view id) {
    SipHash hash(hash_key_);
    hash.feed(user);
    hash.feed({"\0", 1});
    hash.feed(id);
    const auto digest = hash.finish();
    if (!table_.empty()) __builtin_prefetch(&table_[home(mark_of(digest))]);

    forget_before(seq, time);
    if ((used_ + 1) * 8 > table_.size() * 5) resize(std::max(fewest_slots, table_.size() * 2));
    const auto number = oldest_ + static_cast<std::uint32_t>(order_.size());
    Slot& slot = table_[place_of(digest)];
    Item now{digest, seq, time, seq};
    bool repeat = false;
    if (slot.mark == 0) {
        slot.mark = mark_of(digest);
        ++used_;
    } else {
        const Item& latest = item(slot.number);
        repeat = seq.value - latest.seq.value <= limits::dedupe_window_records &&
                 time - latest.time <= limits::dedupe_window_ms;
        if (repeat) now.first = latest.first;
    }
    slot.number = number;
    order_.push_back(now);
    // It is the next to be forgotten, most likely with the next record.
    __builtin_prefetch(&table_[home(mark_of(order_.front().digest))]);
    return repeat ? std::optional<Seq>(now.first) : std::nullopt;
}

void DedupeWindow::forget_before(Seq seq, TimeMs time) {
    while (!order_.empty()) {
        const Item& oldest = order_.front();
        const bool outside = seq.value - oldest.seq.value > limits::dedupe_window_records ||
                             time - oldest.time > limits::dedupe_window_ms + clock_skew_ms;
        if (!outside) break;
        erase(oldest.digest, oldest_);
        order_.pop_front();
        ++oldest_;
    }
    if (table_.size() > fewest_slots && used_ * 8 < table_.size())
        resize(std::max(fewest_slots, table_.size() / 4));
}

/// The digest's slot, or the free one that it would have.
std::size_t DedupeWindow::place_of(const SipHash::Digest& digest) {
    const auto mark = mark_of(digest);
    auto at = home(mark);
    while (table_[at].mark != 0 && (table_[at].mark != mark || item(table_[at].number).digest != digest))
        at = after(at);
    return at;
}

/// Frees the slot that says `number`, if there is one: a later record of the same digest may have it.
void DedupeWindow::erase(const SipHash::Digest& digest, std::uint32_t number) {
    auto at = home(mark_of(digest));
    while (table_[at].mark != 0 && table_[at].number != number) at = after(at);
    if (table_[at].mark == 0) return;
    // Those behind it, up to a gap, move up where that brings them nearer to their home.
    for (auto next = after(at); table_[next].mark != 0; next = after(next)) {
        const auto mask = table_.size() - 1;
        if (((next - home(table_[next].mark)) & mask) < ((next - at) & mask)) continue;
        table_[at] = table_[next];
        at = next;
    }
    table_[at] = {};
    --used_;
}

void DedupeWindow::resize(std::size_t slots) {
    const auto old = std::exchange(table_, std::vector<Slot>(slots));
    for (const auto& slot : old) {
        if (slot.mark == 0) continue;
        auto at = home(slot.mark);
        while (table_[at].mark != 0) at = after(at);
        table_[at] = slot;
    }
}

bool DedupeWindow::reaches_back(Seq earliest_seq, TimeMs earliest_time, Seq seq, TimeMs time) {
    return seq.value - earliest_seq.value >= limits::dedupe_window_records ||
           time - earliest_time > limits::dedupe_window_ms + clock_skew_ms;
}

}  // namespace roomcast::consumer
