#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/fetcher.hpp"
#include "shared/channel/kafka/requests.hpp"
#include "shared/channel/kafka/sleepers.hpp"
#include "shared/channel/kafka/waker.hpp"
#include "shared/core/ids.hpp"

namespace roomcast::channel::kafka {

/// The fetchers that tails run on: as many as are needed, each reading along the wake topic. Topics that have
/// been silent for a while are not read until somebody rings for them (Sleepers); what speaks seldom shares a
/// few fetchers, since each costs its threads' looking around.
///
/// Owned by TailReader and its tails together, on their thread. The first fetcher stays; others end with
/// their last tail.
class TailPool : public std::enable_shared_from_this<TailPool> {
public:
    TailPool(boost::asio::io_context& io, KafkaConfig config, const NodeId& node,
             std::weak_ptr<Requests> requests);
    ~TailPool();

    /// Finds out which wake partitions to use, now and then again, since leaders move; and who is silent.
    void start();
    void stop();

    /// A place for reading one topic; ends it when destroyed. It sleeps while the topic is silent, and moves
    /// to another fetcher when that speaks more often again; `sink` notices nothing of that.
    class Place final : ReadingSink, Sleepers::Sleeper {
    public:
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        /// How far the log's end, as the last fetch told it, is from `next`.
        [[nodiscard]] std::int64_t behind(std::int64_t next) const;

    private:
        friend class TailPool;
        struct Host;
        Place(std::shared_ptr<TailPool> pool, std::string topic, std::int64_t offset, ReadingSink& sink)
            : pool_(std::move(pool)), topic_(std::move(topic)), next_(offset), sink_(sink) {}
        void on_messages(Messages messages) override;
        void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override;
        void wake(Ring why) override { pool_->wake(*this, why); }
        [[nodiscard]] std::int64_t next() const override { return next_; }
        void enter(Host& host);
        void leave();
        void stop_awaiting();
        std::shared_ptr<TailPool> pool_;
        std::string topic_;
        std::int64_t next_;
        ReadingSink& sink_;
        Host* host_ = nullptr;   // none: it sleeps
        bool spoke_ = true;      // since the pool looked last; one that comes counts as one that spoke
        std::size_t shown_ = 0;  // records, by this host
        struct Awaited {         // a record that was rung for
            std::chrono::steady_clock::time_point until;
            std::chrono::steady_clock::time_point ask_again;
            std::chrono::milliseconds pause;  // after that
        };
        std::optional<Awaited> awaited_;
        std::unique_ptr<Fetcher::Reading> reading_;
    };
    [[nodiscard]] std::unique_ptr<Place> read(const std::string& topic, std::int64_t offset,
                                              ReadingSink& sink);

    [[nodiscard]] boost::asio::io_context& io() const { return io_; }
    [[nodiscard]] const KafkaConfig& config() const { return config_; }
    [[nodiscard]] std::shared_ptr<Requests> requests() const { return requests_.lock(); }
    [[nodiscard]] const Instance& first_instance() const;
    [[nodiscard]] std::size_t size() const { return hosts_.size(); }
    [[nodiscard]] std::size_t asleep() const { return sleepers_.size(); }
    /// How many are fetched only when somebody rings.
    [[nodiscard]] std::size_t rung_for() const;
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    using Host = Place::Host;
    enum class Tier {
        speaking,
        sparse,
        rung,  // fetched only when somebody rings
    };
    Host& host_for(const std::string& topic, Tier tier);
    Host& open_host(Tier tier);
    void end_if_unused(Host& host);
    [[nodiscard]] bool is_worn(const Host& host) const;
    [[nodiscard]] std::vector<Place*> some(
        const std::function<bool(const Host&, const Place&)>& wanted) const;
    void move(const std::vector<Place*>& places, Tier tier);
    void wake(Place& place, Ring why);
    void on_ring(const std::string& topic, Ring ring);
    void await(Place& place);
    void ask_again_at(std::chrono::steady_clock::time_point when);
    void ask_again();
    void look_up_rung();
    static constexpr auto never = std::chrono::steady_clock::time_point::max();
    void on_ends_of_rung(const std::vector<Requests::LogEnd>& ends);
    [[nodiscard]] std::vector<Place*> rung_places(const std::string& topic) const;
    void put_silent_to_sleep();
    bool move_those_rung_for();
    bool move_stranded();
    void move_speaking();
    void after(boost::asio::steady_timer& timer, std::chrono::milliseconds pause, void (TailPool::*what)());
    void find_wake_partitions();
    void find_wake_ends(const TopicInfo& wake);
    void choose_wake_partitions(const TopicInfo& wake);
    [[nodiscard]] std::vector<std::int32_t> wake_partitions_of(const Host& host) const;
    void read_wake_partitions(Host& host);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    std::size_t node_hash_;
    std::weak_ptr<Requests> requests_;
    Waker waker_;
    Sleepers sleepers_;
    std::map<std::int32_t, std::vector<std::int32_t>> wake_led_by_;  // the wake topic's partitions, by broker
    std::map<std::int32_t, std::int64_t> wake_ends_;                 // some seconds ago
    std::size_t hosts_opened_ = 0;
    std::list<std::unique_ptr<Host>> hosts_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer silence_;
    boost::asio::steady_timer speech_;
    boost::asio::steady_timer rung_;
    boost::asio::steady_timer asking_;
    std::chrono::steady_clock::time_point asking_at_ = never;
    std::set<Place*> awaited_;  // those whose record was rung for and did not come yet
    const bool on_demand_;      // whether there is a Tier::rung
    bool speech_awaited_ = false;
    bool stopped_ = false;
};

}  // namespace roomcast::channel::kafka
