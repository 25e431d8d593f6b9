#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "shared/auth/client_address.hpp"
#include "shared/auth/hash_pool.hpp"
#include "shared/auth/throttle.hpp"

namespace roomcast::edge {

/// Passwords of accounts and rooms: hashed and checked off the loop, and how often one may try.
///
/// Owned by Api, on the core's thread, where answers come too. Tries are counted by what they are for and by
/// address, on this edge: past limits::tries_free failures, `rate_limited`. A full queue is `busy`.
class Passwords {
public:
    using Checked = std::function<void(Result<void>)>;
    using Hashed = std::function<void(Result<std::string>)>;

    struct Stats : auth::HashPool::Stats {
        std::uint64_t throttled = 0;  // tries that had to wait
    };

    Passwords(boost::asio::io_context& io, std::size_t threads, int cost);
    ~Passwords();
    Passwords(const Passwords&) = delete;
    Passwords& operator=(const Passwords&) = delete;

    /// `wrong_password` where it is wrong. An empty hash stands for something that is not there: no password
    /// is right, and it takes as long.
    void check(const std::string& subject, auth::AddressKey address, std::string password, std::string hash,
               const Checked& done);
    void hash(std::string password, const Hashed& done);
    [[nodiscard]] Stats stats() const { return {pool_.stats(), throttled_}; }

private:
    boost::asio::io_context& io_;
    int cost_;
    std::string nobody_;  // a hash whose password nobody knows
    auth::Throttle subjects_;
    auth::Throttle addresses_;
    std::uint64_t throttled_ = 0;
    std::shared_ptr<bool> alive_;
    auth::HashPool pool_;  // the first to go: its threads post to what is above
};

}  // namespace roomcast::edge
