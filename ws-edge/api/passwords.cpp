#include "ws-edge/api/passwords.hpp"

#include <boost/asio/post.hpp>

#include "shared/auth/bcrypt.hpp"
#include "shared/core/time.hpp"

namespace roomcast::edge {

Passwords::Passwords(boost::asio::io_context& io, std::size_t threads, int cost)
    : io_(io),
      cost_(cost),
      nobody_(auth::dummy_hash(cost)),
      alive_(std::make_shared<bool>(true)),
      pool_({.threads = threads}) {}

Passwords::~Passwords() { *alive_ = false; }

void Passwords::check(const std::string& subject, auth::AddressKey address, std::string password,
                      std::string hash, const Checked& done) {
    const std::string from = std::to_string(address.value);
    const TimeMs now = now_ms();
    auto wait = subjects_.wait_ms(subject, now);
    if (!wait) wait = addresses_.wait_ms(from, now);
    if (wait) {
        ++throttled_;
        return done(Error{Errc::rate_limited, "too many wrong passwords", *wait});
    }
    const bool nobody = hash.empty();
    // Counted before it is known, so that tries at the same time cannot slip through.
    subjects_.failed(subject, now);
    auto report = [this, alive = alive_, subject, from, nobody, done](bool right) {
        boost::asio::post(io_, [this, alive, subject, from, right = right && !nobody, done] {
            if (!*alive) return;
            if (right) {
                subjects_.succeeded(subject);
                return done({});
            }
            addresses_.failed(from, now_ms());
            done(Errc::wrong_password);
        });
    };
    const auto taken =
        pool_.check(std::move(password), nobody ? nobody_ : std::move(hash), std::move(report));
    if (!taken) done(taken.error());
}

void Passwords::hash(std::string password, const Hashed& done) {
    const auto taken =
        pool_.hash(std::move(password), cost_, [this, alive = alive_, done](Result<std::string> hashed) {
            boost::asio::post(io_, [alive, done, hashed = std::move(hashed)]() mutable {
                if (*alive) done(std::move(hashed));
            });
        });
    if (!taken) done(taken.error());
}

}  // namespace roomcast::edge
