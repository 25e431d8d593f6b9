#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "shared/core/limits.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::consumer {

/// A room's newest entries, ready to be sent: what joins and short resumes are answered from.
///
/// Owned by a RoomHub. Holds every entry above `floor()`, at most limits::hub_ring_messages and
/// limits::hub_ring_bytes of them.
class MessageRing {
public:
    /// Empties the ring; what comes next is right above `floor`.
    void reset(Seq floor) {
        entries_.clear();
        bytes_ = 0;
        floor_ = floor;
    }
    void push(link::Entry entry) {
        bytes_ += entry.frame.size();
        entries_.push_back(std::move(entry));
        while (entries_.size() > limits::hub_ring_messages ||
               (bytes_ > limits::hub_ring_bytes && entries_.size() > 1)) {
            floor_ = entries_.front().seq;
            bytes_ -= entries_.front().frame.size();
            entries_.pop_front();
        }
    }
    /// Nobody is shown that message any more.
    void hide(Seq seq) {
        for (auto& entry : entries_)
            if (entry.seq == seq) {
                bytes_ -= entry.frame.size();
                entry.frame.clear();
                entry.first = seq;
            }
    }
    [[nodiscard]] Seq floor() const { return floor_; }
    [[nodiscard]] const std::deque<link::Entry>& entries() const { return entries_; }

    /// All entries above `after`, which is at or above the floor.
    [[nodiscard]] std::vector<link::Entry> above(Seq after) const {
        std::vector<link::Entry> found;
        for (const auto& entry : entries_)
            if (entry.seq > after) found.push_back(entry);
        return found;
    }
    /// The newest `limit` messages below `before`; false when the ring does not hold as many and might not
    /// hold all.
    [[nodiscard]] bool newest(Seq before, int limit, Seq log_first, std::vector<link::Entry>& found) const {
        for (auto entry = entries_.rbegin();
             entry != entries_.rend() && static_cast<int>(found.size()) < limit; ++entry)
            if (entry->seq < before && entry->shown()) found.push_back(*entry);
        if (static_cast<int>(found.size()) < limit && floor_ >= log_first) {
            found.clear();
            return false;
        }
        found = std::vector<link::Entry>(std::make_move_iterator(found.rbegin()),
                                         std::make_move_iterator(found.rend()));
        return true;
    }

private:
    std::deque<link::Entry> entries_;
    std::size_t bytes_ = 0;
    Seq floor_;
};

}  // namespace roomcast::consumer
