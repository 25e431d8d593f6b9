#include "shared/auth/hash_pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "shared/auth/bcrypt.hpp"

namespace roomcast::auth {
namespace {

constexpr int cost = limits::bcrypt_cost_least;
constexpr auto deadline = std::chrono::seconds(30);

template <class T>
T got(std::future<T> future) {
    REQUIRE(future.wait_for(deadline) == std::future_status::ready);
    return future.get();
}

std::future<bool> check(HashPool& pool, const std::string& password, const std::string& hash) {
    auto answer = std::make_shared<std::promise<bool>>();
    REQUIRE(pool.check(password, hash, [answer](bool good) { answer->set_value(good); }));
    return answer->get_future();
}

/// Keeps one thread of a pool busy inside a callback until it is let go.
class Holder {
public:
    explicit Holder(HashPool& pool) {
        REQUIRE(pool.hash("secret", cost, [this](const Result<std::string>&) {
            std::unique_lock lock(mutex_);
            held_ = true;
            changed_.notify_all();
            changed_.wait_for(lock, deadline, [this] { return released_; });
        }));
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, deadline, [this] { return held_; }));
    }
    void release() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    bool released_ = false;
};

}  // namespace

TEST_CASE("a pool hashes and checks on threads of its own") {
    HashPool pool({.threads = 2});
    std::promise<std::string> hashed;
    std::thread::id ran_on;
    REQUIRE(pool.hash("secret", cost, [&](Result<std::string> hash) {
        ran_on = std::this_thread::get_id();
        hashed.set_value(hash.value());
    }));
    const auto hash = got(hashed.get_future());
    CHECK(ran_on != std::this_thread::get_id());
    CHECK(got(check(pool, "secret", hash)));
    CHECK_FALSE(got(check(pool, "wrong", hash)));
    CHECK_FALSE(got(check(pool, "secret", "no hash")));
    const auto stats = pool.stats();
    CHECK(stats.hashed == 1);
    CHECK(stats.checked == 3);
    CHECK(stats.remembered == 0);
    CHECK(stats.busy_us > 0);
}

TEST_CASE("a password that may not be one is refused at once, a bad cost by the callback") {
    HashPool pool({});
    CHECK(pool.hash("", cost, {}).error().code == Errc::bad_password);
    CHECK(pool.hash(std::string(73, 'x'), cost, {}).error().code == Errc::bad_password);
    std::promise<Errc> code;
    REQUIRE(
        pool.hash("secret", 99, [&](const Result<std::string>& hash) { code.set_value(hash.error().code); }));
    CHECK(got(code.get_future()) == Errc::internal);
}

TEST_CASE("a pair that was verified once is answered at once, a wrong password never is") {
    HashPool pool({});
    const auto hash = hash_password("secret", cost).value();
    CHECK(got(check(pool, "secret", hash)));
    Holder holder(pool);  // so bcrypt cannot answer
    bool good = false;
    REQUIRE(pool.check("secret", hash, [&](bool answer) { good = answer; }));
    CHECK(good);
    auto wrong = check(pool, "wrong", hash);
    CHECK(wrong.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    CHECK(pool.stats().remembered == 1);
    holder.release();
    CHECK_FALSE(got(std::move(wrong)));
    CHECK_FALSE(got(check(pool, "wrong", hash)));
    CHECK(pool.stats().remembered == 1);
}

TEST_CASE("nothing is remembered where that is off") {
    HashPool pool({.verified_passwords = 0});
    const auto hash = hash_password("secret", cost).value();
    for (int i = 0; i < 3; ++i) CHECK(got(check(pool, "secret", hash)));
    CHECK(pool.stats().remembered == 0);
    CHECK(pool.stats().checked == 3);
}

TEST_CASE("past the queue's limit a job is refused as busy, and goes through later") {
    HashPool pool({.threads = 1, .queue_jobs = 3});
    Holder holder(pool);
    std::vector<std::future<bool>> waiting;
    waiting.reserve(3);
    for (int i = 0; i < 3; ++i) waiting.push_back(check(pool, "wrong", dummy_hash(cost)));
    CHECK(pool.check("wrong", dummy_hash(cost), [](bool) { FAIL("it was refused"); }).error().code ==
          Errc::busy);
    CHECK(
        pool.hash("secret", cost, [](const Result<std::string>&) { FAIL("it was refused"); }).error().code ==
        Errc::busy);
    CHECK(pool.stats().queued == 3);
    CHECK(pool.stats().refused == 2);
    holder.release();
    for (auto& answer : waiting) CHECK_FALSE(got(std::move(answer)));
    CHECK(pool.stats().queued == 0);
    CHECK_FALSE(got(check(pool, "wrong", dummy_hash(cost))));
}

TEST_CASE("stopping finishes what runs, drops what waits with its callback, and refuses what comes") {
    HashPool pool({.threads = 1});
    Holder holder(pool);
    std::atomic<int> called = 0;
    auto kept = std::make_shared<int>(0);
    for (int i = 0; i < 5; ++i)
        REQUIRE(pool.check("wrong", dummy_hash(cost), [&called, kept](bool) { ++called; }));
    CHECK(kept.use_count() == 6);
    std::thread stopper([&] { pool.stop(); });
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (kept.use_count() > 1 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    CHECK(kept.use_count() == 1);  // dropped before the running one ends
    holder.release();
    stopper.join();
    CHECK(called == 0);
    CHECK(pool.stats().hashed == 1);
    CHECK(pool.check("wrong", dummy_hash(cost), [](bool) {}).error().code == Errc::restarting);
    pool.stop();
}

TEST_CASE("many threads may use one pool") {
    HashPool pool({.threads = 2, .queue_jobs = 1'000, .verified_passwords = 4});
    const auto hash = hash_password("secret", cost).value();
    std::atomic<int> good = 0;
    std::atomic<int> answered = 0;
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                for (int j = 0; j < 10; ++j) {
                    const auto pushed =
                        pool.check(j % 2 == 0 ? "secret" : "wrong" + std::to_string(i), hash, [&](bool yes) {
                            good += yes ? 1 : 0;
                            ++answered;
                        });
                    if (!pushed) ++answered;
                    (void)pool.stats();
                }
            });
    }
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (answered < 40 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    CHECK(answered == 40);
    CHECK(good == 20);
}

}  // namespace roomcast::auth
