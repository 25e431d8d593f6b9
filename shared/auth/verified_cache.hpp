#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace roomcast::auth {

/// Pairs of password and hash that bcrypt has found to match, as HMACs under a random key that never leaves
/// this object, so that what it holds tells nothing of the passwords.
///
/// Owned by a HashPool, under its lock. Holds at most `capacity` pairs, the least recently used goes first. A
/// new password is a new hash, so nothing ever has to be forgotten. Throws std::runtime_error if there is no
/// randomness.
class VerifiedCache {
public:
    explicit VerifiedCache(std::size_t capacity);

    /// Also marks the pair as used.
    [[nodiscard]] bool has(std::string_view password, std::string_view hash);
    void add(std::string_view password, std::string_view hash);
    [[nodiscard]] std::size_t size() const { return by_mac_.size(); }

private:
    [[nodiscard]] std::string mac_of(std::string_view password, std::string_view hash) const;

    std::size_t capacity_;
    std::string key_;
    std::list<std::string> by_use_;  // the one used last comes first
    std::unordered_map<std::string_view, std::list<std::string>::iterator> by_mac_;  // views into the list
};

}  // namespace roomcast::auth
