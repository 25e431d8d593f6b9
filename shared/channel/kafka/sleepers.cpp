#include "shared/channel/kafka/sleepers.hpp"

#include <algorithm>
#include <utility>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::chrono::seconds look_every{1};
constexpr std::chrono::milliseconds test_every{10'000};
constexpr std::chrono::milliseconds test_again{1'000};
constexpr int rings_to_hear = 2;            // of its own; one may be lost while a broker stands still
constexpr std::size_t longest_topic = 249;  // Kafka's

constexpr std::size_t of(Ring ring) { return static_cast<std::size_t>(ring); }

}  // namespace

Sleepers::Sleepers(boost::asio::io_context& io, const KafkaConfig& config, std::weak_ptr<Requests> requests,
                   Doorbell doorbell)
    : config_(config),
      requests_(std::move(requests)),
      doorbell_(std::move(doorbell)),
      own_name_("worker " + make_epoch().str()),  // no topic has a space in its name
      timer_(io) {}

void Sleepers::start(Fetcher& fetcher, std::function<void(const std::string& topic, Ring ring)> on_ring) {
    fetcher_ = &fetcher;
    on_ring_ = std::move(on_ring);
    tick();
}

void Sleepers::stop() {
    timer_.cancel();
    reading_.reset();
    fetcher_ = nullptr;
}

bool Sleepers::may_sleep(const std::string& topic) const {
    const auto rules_out = [&topic](const Topics& rung) {
        return rung.size() >= limits::doorbells_remembered || rung.contains(topic);
    };
    return works_ && !rules_out(rung_[of(Ring::records)]) && !rules_out(rung_before_[of(Ring::records)]);
}

bool Sleepers::hears_of_each_record(const std::string& topic) const {
    return may_sleep(topic) &&
           (rung_[of(Ring::record)].contains(topic) || rung_before_[of(Ring::record)].contains(topic));
}

void Sleepers::remember(std::string topic, Ring ring) {
    auto& rung = rung_[of(ring)];
    if (rung.size() < limits::doorbells_remembered) rung.insert(std::move(topic));
}

void Sleepers::add(const std::string& topic, Sleeper& sleeper) { asleep_.emplace(topic, &sleeper); }

void Sleepers::remove(const std::string& topic, const Sleeper& sleeper) {
    const auto [first, last] = asleep_.equal_range(topic);
    const auto found =
        std::find_if(first, last, [&sleeper](const auto& each) { return each.second == &sleeper; });
    if (found != last) asleep_.erase(found);
}

void Sleepers::wake(const std::string& topic, Ring why) {
    for (auto found = asleep_.find(topic); found != asleep_.end(); found = asleep_.find(topic)) {
        auto* sleeper = found->second;
        asleep_.erase(found);
        sleeper->wake(why);
    }
}

void Sleepers::forget_old_rings(Clock::time_point now) {
    if (now - rung_from_ < std::chrono::milliseconds(config_.tail_silence_ms)) return;
    rung_before_ = std::exchange(rung_, {});
    rung_from_ = now;
}

void Sleepers::on_messages(Messages messages) {
    for (const auto* message : messages) {
        std::string topic(static_cast<const char*>(message->key), message->key_len);
        if (topic == own_name_) {
            works_ = true;
            unheard_ = 0;
            continue;
        }
        if (topic.size() > longest_topic) continue;  // not a writer's
        const auto ring = ring_of(*message);
        if (on_ring_) on_ring_(topic, ring);
        wake(topic, ring);
        remember(std::move(topic), ring);
    }
}

/// Rings may have been missed: nobody sleeps until it was heard again.
void Sleepers::on_reading_failed(rd_kafka_resp_err_t code, std::string text) {
    if (is_passing(code)) return;
    if (std::exchange(works_, false)) fetcher_->instance()->log(4, "doorbell: " + text);
    reading_.reset();
}

void Sleepers::tick() {
    const auto now = Clock::now();
    test_doorbell(now);
    forget_old_rings(now);
    look_up_some(now);
    timer_.expires_after(look_every);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
        if (!cancelled && !alive.expired() && fetcher_ != nullptr) tick();
    });
}

void Sleepers::test_doorbell(Clock::time_point now) {
    if (!reading_) {
        reading_ = fetcher_->read(doorbell_topic(config_.topic_prefix), 0, RD_KAFKA_OFFSET_END, *this);
        unheard_ = 0;
        next_test_ = now;
    }
    if (now < next_test_) return;
    if (unheard_ == rings_to_hear && std::exchange(works_, false))
        fetcher_->instance()->log(4, "doorbell: not heard; silent rooms are read meanwhile");
    next_test_ = now + (works_ && unheard_ == 0 ? test_every : test_again);
    unheard_ = std::min(unheard_ + 1, rings_to_hear);
    doorbell_.ring(own_name_);
}

/// A part of all, each second: who gets round sooner takes more of the brokers and of us, silent as all are.
std::size_t Sleepers::looked_up_at_once(Clock::time_point now) const {
    if (!works_) return limits::tails_looked_up_at_once;
    const std::size_t seconds =
        now < wary_until_ ? limits::wary_tails_looked_up_within_s : limits::tails_looked_up_within_s;
    return std::min(asleep_.size() / seconds + 1, limits::tails_looked_up_at_once);
}

void Sleepers::look_up_some(Clock::time_point now) {
    if (asleep_.empty()) return;
    const std::size_t count = looked_up_at_once(now);
    std::vector<Requests::LogEnd> some;
    for (auto at = asleep_.upper_bound(looked_up_to_); some.size() < count && at != asleep_.end();
         at = asleep_.upper_bound(at->first))
        some.push_back({.topic = at->first});
    looked_up_to_ = some.size() < count ? std::string() : some.back().topic;  // from the start again
    if (!works_) {
        for (const auto& one : some) wake(one.topic, Ring::records);
        return;
    }
    const auto requests = requests_.lock();
    if (!requests || some.empty()) return;
    requests->list_ends(some, limits::channel_request_deadline_ms,
                        [this, alive = std::weak_ptr(alive_), some](
                            rd_kafka_resp_err_t code, const std::vector<Requests::LogEnd>& ends) {
                            if (!alive.expired()) on_ends(some, code, ends);
                        });
}

/// Where a topic is missing its tail is woken, and finds out.
void Sleepers::on_ends(const std::vector<Requests::LogEnd>& asked, rd_kafka_resp_err_t code,
                       const std::vector<Requests::LogEnd>& ends) {
    if (code == RD_KAFKA_RESP_ERR__NOENT) {  // no leader for any of them
        for (const auto& one : asked) wake(one.topic, Ring::records);
    }
    for (const auto& end : ends) {
        if (is_passing(end.error)) continue;
        const auto [first, last] = asleep_.equal_range(end.topic);
        const bool differs =
            std::any_of(first, last, [&end](const auto& each) { return each.second->next() != end.offset; });
        if (end.error == RD_KAFKA_RESP_ERR_NO_ERROR && differs)
            wary_until_ = Clock::now() + std::chrono::seconds(limits::tails_wary_s);
        if (end.error != RD_KAFKA_RESP_ERR_NO_ERROR || differs) wake(end.topic, Ring::records);
    }
}

}  // namespace roomcast::channel::kafka
