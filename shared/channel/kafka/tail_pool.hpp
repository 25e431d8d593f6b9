#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/fetcher.hpp"
#include "shared/channel/kafka/requests.hpp"
#include "shared/channel/kafka/waker.hpp"
#include "shared/core/ids.hpp"

namespace roomcast::channel::kafka {

/// The fetchers that tails run on: as many as are needed, each reading along the wake topic.
///
/// Owned by TailReader and its tails together, on their thread. The first fetcher stays; others end with
/// their last tail.
class TailPool : public std::enable_shared_from_this<TailPool> {
public:
    TailPool(boost::asio::io_context& io, KafkaConfig config, const NodeId& node,
             std::weak_ptr<Requests> requests);
    ~TailPool();

    /// Finds out which wake partitions to use, now and then again, since leaders move.
    void start();
    void stop();

    /// A place for reading one topic; ends it when destroyed.
    class Place {
    public:
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        /// How far the log's end, as the last fetch told it, is from `next`.
        [[nodiscard]] std::int64_t behind(std::int64_t next) const;

    private:
        friend class TailPool;
        struct Host;
        Place(std::shared_ptr<TailPool> pool, Host& host, std::string topic)
            : pool_(std::move(pool)), host_(&host), topic_(std::move(topic)) {}
        std::shared_ptr<TailPool> pool_;
        Host* host_;
        std::string topic_;
        std::unique_ptr<Fetcher::Reading> reading_;
    };
    [[nodiscard]] std::unique_ptr<Place> read(const std::string& topic, std::int64_t offset,
                                              ReadingSink& sink);

    [[nodiscard]] boost::asio::io_context& io() const { return io_; }
    [[nodiscard]] const KafkaConfig& config() const { return config_; }
    [[nodiscard]] std::shared_ptr<Requests> requests() const { return requests_.lock(); }
    [[nodiscard]] const Instance& first_instance() const;
    [[nodiscard]] std::size_t size() const { return hosts_.size(); }
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    using Host = Place::Host;
    Host& host_for(const std::string& topic);
    Host& open_host();
    void choose_wake_partitions(const TopicInfo& wake);
    [[nodiscard]] std::vector<std::int32_t> wake_partitions_of(const Host& host) const;
    void read_wake_partitions(Host& host);
    void look_again_in(std::chrono::milliseconds pause);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    std::size_t node_hash_;
    std::weak_ptr<Requests> requests_;
    Waker waker_;
    std::map<std::int32_t, std::vector<std::int32_t>> wake_led_by_;  // the wake topic's partitions, by broker
    std::size_t hosts_opened_ = 0;
    std::list<std::unique_ptr<Host>> hosts_;
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

}  // namespace roomcast::channel::kafka
