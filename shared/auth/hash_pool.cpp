#include "shared/auth/hash_pool.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

#include "shared/auth/bcrypt.hpp"
#include "shared/auth/verified_cache.hpp"
#include "shared/core/thread_name.hpp"

namespace roomcast::auth {
namespace {

constexpr int thread_nice = 10;  // passwords wait for messages, not messages for passwords

/// A password in a queue, wiped when it goes; also where it was moved from, since a short text is copied.
struct Secret {
    explicit Secret(std::string&& of) : text(std::move(of)) { wipe(of); }
    Secret(Secret&& other) noexcept : text(std::move(other.text)) { wipe(other.text); }
    Secret& operator=(Secret&&) = delete;
    ~Secret() { wipe(text); }

    static void wipe(std::string& of) {
        of.resize(of.capacity());
        OPENSSL_cleanse(of.data(), of.size());
        of.clear();
    }

    std::string text;
};

struct Job {
    Secret password;
    std::string hash;  // to check against; empty: hash
    int cost = 0;
    HashPool::Hashed hashed;
    HashPool::Checked checked;
};

}  // namespace

class HashPool::Impl {
public:
    explicit Impl(Options options) : options_(options), verified_(options.verified_passwords) {
        const auto threads = std::clamp<std::size_t>(options_.threads, 1, limits::hash_threads_most);
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
    }
    ~Impl() { stop(); }

    Result<void> push(Job job) {
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) return Errc::restarting;
            if (queue_.size() >= options_.queue_jobs) {
                ++stats_.refused;
                return Error{Errc::busy, "too many passwords are being checked"};
            }
            queue_.push_back(std::move(job));
        }
        wake_.notify_one();
        return {};
    }

    bool remembers(std::string_view password, std::string_view hash) {
        const std::lock_guard lock(mutex_);
        if (stopped_ || !verified_.has(password, hash)) return false;
        ++stats_.remembered;
        return true;
    }

    void stop() {
        std::deque<Job> dropped;
        {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            dropped.swap(queue_);
        }
        wake_.notify_all();
        dropped.clear();  // callbacks may hold what would wait for them
        for (auto& thread : threads_)
            if (thread.joinable()) thread.join();
    }

    Stats stats() const {
        const std::lock_guard lock(mutex_);
        auto stats = stats_;
        stats.queued = queue_.size();
        return stats;
    }

private:
    void run() {
        name_this_thread("bcrypt");
        // A thread's own on Linux. Where it may not, hashing takes its turn with the rest.
        static_cast<void>(::setpriority(PRIO_PROCESS, 0, thread_nice));
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
            if (stopped_) return;
            auto job = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            work(job);
            lock.lock();
        }
    }

    void work(Job& job) {
        const auto start = std::chrono::steady_clock::now();
        const auto took_us = [&] {
            const auto took = std::chrono::steady_clock::now() - start;
            return static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(took).count());
        };
        if (job.hashed) {
            auto hash = hash_password(job.password.text, job.cost);
            count(stats_.hashed, took_us());
            job.hashed(std::move(hash));
            return;
        }
        const bool good = check_password(job.password.text, job.hash);
        count(stats_.checked, took_us());
        if (good) {
            const std::lock_guard lock(mutex_);
            verified_.add(job.password.text, job.hash);
        }
        job.checked(good);
    }

    void count(std::uint64_t& which, std::uint64_t took_us) {
        const std::lock_guard lock(mutex_);
        ++which;
        stats_.busy_us += took_us;
    }

    const Options options_;
    mutable std::mutex mutex_;  // of all below but the threads; never held in bcrypt or a callback
    std::condition_variable wake_;
    std::deque<Job> queue_;
    bool stopped_ = false;
    Stats stats_;
    VerifiedCache verified_;
    std::vector<std::thread> threads_;
};

HashPool::HashPool(Options options) : impl_(std::make_unique<Impl>(options)) {}
HashPool::~HashPool() = default;

Result<void> HashPool::hash(std::string password, int cost, Hashed done) {
    Secret secret(std::move(password));
    if (auto allowed = password_allowed(secret.text); !allowed) return allowed;
    return impl_->push(Job{std::move(secret), {}, cost, std::move(done), {}});
}

Result<void> HashPool::check(std::string password, std::string hash, Checked done) {
    Secret secret(std::move(password));
    if (impl_->remembers(secret.text, hash)) {
        done(true);
        return {};
    }
    return impl_->push(Job{std::move(secret), std::move(hash), 0, {}, std::move(done)});
}

void HashPool::stop() { impl_->stop(); }

HashPool::Stats HashPool::stats() const { return impl_->stats(); }

}  // namespace roomcast::auth
