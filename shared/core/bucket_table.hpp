#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

#include "shared/core/token_bucket.hpp"

namespace roomcast {

/// A TokenBucket for each key (a user, an address) under one RateLimit.
///
/// A value of its owner's thread. Holds at most `capacity` keys: full buckets, which are as good as none, go
/// first, and past the capacity the one that was not used for longest goes, with what it had used up. A rate
/// of 0 is off and keeps nothing.
template <class Key>
class BucketTable {
public:
    BucketTable(RateLimit limit, std::size_t capacity)
        : limit_(limit), capacity_(capacity == 0 ? 1 : capacity) {}

    /// As TokenBucket::take: nothing, or the milliseconds to wait.
    [[nodiscard]] std::optional<int> take(const Key& key, TimeMs now) {
        if (limit_.off()) return std::nullopt;
        auto found = by_key_.find(key);
        if (found == by_key_.end()) {
            make_room(now);
            by_age_.emplace_front(key, TokenBucket(limit_, now));
            found = by_key_.emplace(key, by_age_.begin()).first;
        } else {
            by_age_.splice(by_age_.begin(), by_age_, found->second);
        }
        return found->second->second.take(now);
    }

    [[nodiscard]] std::size_t size() const { return by_key_.size(); }

private:
    using Entries = std::list<std::pair<Key, TokenBucket>>;

    /// Two of the oldest are looked at for each new one, so the table shrinks when the flood is over.
    void make_room(TimeMs now) {
        for (int i = 0; i < 2 && !by_age_.empty() && by_age_.back().second.full(now); ++i) drop_oldest();
        if (by_key_.size() >= capacity_) drop_oldest();
    }
    void drop_oldest() {
        by_key_.erase(by_age_.back().first);
        by_age_.pop_back();
    }

    RateLimit limit_;
    std::size_t capacity_;
    Entries by_age_;  // the one used last comes first
    std::unordered_map<Key, typename Entries::iterator> by_key_;
};

}  // namespace roomcast
