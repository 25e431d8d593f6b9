#include "shared/auth/throttle.hpp"

#include <algorithm>
#include <iterator>

namespace roomcast::auth {
namespace {

/// After so many failures.
TimeMs pause_ms(int failures) {
    if (failures < limits::tries_free) return 0;
    const int doublings = std::min(failures - limits::tries_free, 16);
    return std::min<TimeMs>(TimeMs{limits::try_wait_first_ms} << doublings, limits::try_wait_most_ms);
}

}  // namespace

std::optional<int> Throttle::wait_ms(std::string_view key, TimeMs now) {
    forget_old(now);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const auto pause = pause_ms(found->second->failures);
    // At most the pause, should the clock have stepped back.
    const auto left = std::min(pause, found->second->last_at + pause - now);
    return left > 0 ? std::optional<int>(static_cast<int>(left)) : std::nullopt;
}

void Throttle::failed(std::string_view key, TimeMs now) {
    forget_old(now);
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
    } else {
        if (by_key_.size() >= capacity_) drop(std::prev(by_age_.end()));
        by_age_.push_front(Entry{std::string(key), 0, now});
        by_key_.emplace(by_age_.front().key, by_age_.begin());
    }
    auto& entry = by_age_.front();
    entry.failures = std::min(entry.failures + 1, limits::tries_free + 16);
    entry.last_at = now;
}

void Throttle::succeeded(std::string_view key) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
}

void Throttle::forget_old(TimeMs now) {
    while (!by_age_.empty() && now - by_age_.back().last_at >= limits::tries_forgotten_ms)
        drop(std::prev(by_age_.end()));
}

void Throttle::drop(Entries::iterator entry) {
    by_key_.erase(entry->key);
    by_age_.erase(entry);
}

}  // namespace roomcast::auth
