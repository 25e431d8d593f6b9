#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "shared/core/limits.hpp"
#include "shared/core/result.hpp"

namespace roomcast::auth {

/// Threads of its own for bcrypt, so that no event loop waits for it.
///
/// Owned by main; `hash`, `check` and `stats` may be called by any thread. Callbacks run on a pool thread and
/// must post to their owner's loop; that of a remembered password runs at once, inside of `check`. They must
/// not throw. At most `queue_jobs` wait, then Errc::busy. Passwords are wiped after use.
/// Pairs that were verified are remembered as HMACs under a key of this process, so that everybody coming
/// back to a private room at once costs one bcrypt each and not one a join; wrong passwords are not.
class HashPool {
public:
    struct Options {
        std::size_t threads = 1;  // 1 to limits::hash_threads_most
        std::size_t queue_jobs = limits::hash_queue_jobs;
        std::size_t verified_passwords = limits::verified_passwords;  // 0: none is remembered
    };
    struct Stats {
        std::uint64_t hashed = 0;      // bcrypt ran
        std::uint64_t checked = 0;     // likewise
        std::uint64_t remembered = 0;  // checks that needed no bcrypt
        std::uint64_t refused = 0;     // busy
        std::size_t queued = 0;        // now
        std::uint64_t busy_us = 0;     // of all threads, in bcrypt
    };
    using Hashed = std::function<void(Result<std::string>)>;
    using Checked = std::function<void(bool)>;

    explicit HashPool(Options options);
    ~HashPool();  // stops
    HashPool(const HashPool&) = delete;
    HashPool& operator=(const HashPool&) = delete;

    /// An error means that the callback will not be called: Errc::busy, Errc::restarting after `stop`, or, of
    /// `hash`, Errc::bad_password at once.
    [[nodiscard]] Result<void> hash(std::string password, int cost, Hashed done);
    [[nodiscard]] Result<void> check(std::string password, std::string hash, Checked done);

    /// Drops what is queued, whose callbacks are destroyed without being called, and waits for what runs (up
    /// to one bcrypt a thread). Not from a callback. May be called again.
    void stop();

    [[nodiscard]] Stats stats() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace roomcast::auth
