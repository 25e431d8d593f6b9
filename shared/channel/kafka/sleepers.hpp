#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/doorbell.hpp"
#include "shared/channel/kafka/fetcher.hpp"
#include "shared/channel/kafka/requests.hpp"

namespace roomcast::channel::kafka {

/// Tails that sleep: that are not read at all until somebody rings the doorbell for their topic, or the log's
/// end is found to have moved (each is looked up within limits::tails_looked_up_within_s, and more often for
/// a while when that found something; or as limits::tails_looked_up_at_once a second get round).
///
/// Owned by TailPool, on its thread. It rings for itself now and then: while it does not hear that, which it
/// logs, nobody may sleep, and those who do are woken in place of being looked up.
class Sleepers final : ReadingSink {
public:
    class Sleeper {
    public:
        /// It has been taken out, and does not add itself within this call.
        virtual void wake(Ring why) = 0;
        /// The offset at which it would go on.
        [[nodiscard]] virtual std::int64_t next() const = 0;

    protected:
        ~Sleeper() = default;
    };

    Sleepers(boost::asio::io_context& io, const KafkaConfig& config, std::weak_ptr<Requests> requests,
             Doorbell doorbell);
    Sleepers(const Sleepers&) = delete;
    Sleepers& operator=(const Sleepers&) = delete;

    /// Listens by this fetcher, until `stop`, and tells of every ring, before it wakes somebody.
    void start(Fetcher& fetcher, std::function<void(const std::string& topic, Ring ring)> on_ring = {});
    void stop();

    /// Whether the doorbell is heard.
    [[nodiscard]] bool work() const { return works_; }
    /// And was not rung for this topic so lately that the record may still come.
    [[nodiscard]] bool may_sleep(const std::string& topic) const;
    /// Whether somebody rang lately, and rings for each record.
    [[nodiscard]] bool hears_of_each_record(const std::string& topic) const;
    /// As if somebody had rung Ring::records.
    void keep_awake(const std::string& topic) { remember(topic, Ring::records); }
    void add(const std::string& topic, Sleeper& sleeper);
    void remove(const std::string& topic, const Sleeper& sleeper);
    [[nodiscard]] std::size_t size() const { return asleep_.size(); }

private:
    using Clock = std::chrono::steady_clock;
    using Topics = std::unordered_set<std::string>;

    void on_messages(Messages messages) override;
    void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override;
    void tick();
    void test_doorbell(Clock::time_point now);
    [[nodiscard]] std::size_t looked_up_at_once(Clock::time_point now) const;
    void look_up_some(Clock::time_point now);
    void on_ends(const std::vector<Requests::LogEnd>& asked, rd_kafka_resp_err_t code,
                 const std::vector<Requests::LogEnd>& ends);
    void forget_old_rings(Clock::time_point now);
    void remember(std::string topic, Ring ring);
    void wake(const std::string& topic, Ring why);

    KafkaConfig config_;
    std::weak_ptr<Requests> requests_;
    Doorbell doorbell_;
    const std::string own_name_;  // what it rings for itself
    Fetcher* fetcher_ = nullptr;
    std::unique_ptr<Fetcher::Reading> reading_;
    bool works_ = false;
    int unheard_ = 0;  // rings of its own since it heard one
    Clock::time_point next_test_{};
    std::multimap<std::string, Sleeper*, std::less<>> asleep_;
    std::string looked_up_to_;  // where to go on
    Clock::time_point wary_until_{};
    std::function<void(const std::string&, Ring)> on_ring_;
    std::array<Topics, 2> rung_, rung_before_;  // by Ring; in the time of a silence, and in the one before
    Clock::time_point rung_from_{};
    boost::asio::steady_timer timer_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
