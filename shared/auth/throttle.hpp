#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"

namespace roomcast::auth {

/// Makes guessing slow: after limits::tries_free failures of a key (an account, an address) each further try
/// has to wait, from 1 s doubling to 60 s after the failure before it; forgotten after 15 minutes without.
///
/// A value of its owner's thread; times are milliseconds of any clock. Holds at most `capacity` keys; past
/// that the one whose last failure is oldest goes. Where checks of one key can run at the same time, call
/// `failed` before the check and `succeeded` after a good one, so that a flood cannot slip through.
class Throttle {
public:
    explicit Throttle(std::size_t capacity = limits::throttle_entries)
        : capacity_(capacity == 0 ? 1 : capacity) {}

    /// How long the key must still wait; nothing if it may try.
    [[nodiscard]] std::optional<int> wait_ms(std::string_view key, TimeMs now);
    void failed(std::string_view key, TimeMs now);
    /// Forgets the key's failures. Not for addresses: whoever guesses can have an account of their own.
    void succeeded(std::string_view key);

    [[nodiscard]] std::size_t size() const { return by_key_.size(); }

private:
    struct Entry {
        std::string key;
        int failures = 0;
        TimeMs last_at = 0;
    };
    using Entries = std::list<Entry>;

    void forget_old(TimeMs now);
    void drop(Entries::iterator entry);

    std::size_t capacity_;
    Entries by_age_;                                                  // the one that failed last comes first
    std::unordered_map<std::string_view, Entries::iterator> by_key_;  // views into the entries
};

}  // namespace roomcast::auth
