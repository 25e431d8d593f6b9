#include "shared/channel/kafka/tail_pool.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::chrono::milliseconds wake_retry{1'000};
constexpr std::chrono::milliseconds wake_refresh{30'000};

class Deaf final : public ReadingSink {
public:
    void on_messages(Messages /*messages*/) override {}
    void on_reading_failed(rd_kafka_resp_err_t /*code*/, std::string /*text*/) override {}
};
Deaf deaf;

}  // namespace

struct TailPool::Place::Host {
    Host(boost::asio::io_context& io, const KafkaConfig& config, std::size_t its_number)
        : number(its_number), fetcher(io, config, FetchSettings{}) {}
    const std::size_t number;
    Fetcher fetcher;
    std::set<std::string, std::less<>> topics;
    std::map<std::int32_t, std::unique_ptr<Fetcher::Reading>> wake;
};

TailPool::TailPool(boost::asio::io_context& io, KafkaConfig config, const NodeId& node,
                   std::weak_ptr<Requests> requests)
    : io_(io),
      config_(std::move(config)),
      node_hash_(std::hash<NodeId>{}(node)),
      requests_(std::move(requests)),
      waker_(io, config_),
      timer_(io) {
    open_host();
}

TailPool::~TailPool() = default;

TailPool::Host& TailPool::open_host() {
    hosts_.push_back(std::make_unique<Host>(io_, config_, hosts_opened_++));
    read_wake_partitions(*hosts_.back());
    return *hosts_.back();
}

void TailPool::start() {
    const auto requests = requests_.lock();
    if (!requests || stopped_) return;
    requests->describe(wake_topic(config_.topic_prefix), limits::channel_request_deadline_ms,
                       [weak = weak_from_this()](rd_kafka_resp_err_t code, const TopicInfo& info) {
                           const auto self = weak.lock();
                           if (!self || self->stopped_) return;
                           const bool known = code == RD_KAFKA_RESP_ERR_NO_ERROR && !info.leaders.empty();
                           if (known) self->choose_wake_partitions(info);
                           self->look_again_in(known ? wake_refresh : wake_retry);
                       });
}

void TailPool::stop() {
    stopped_ = true;
    timer_.cancel();
    for (auto& host : hosts_) {
        host->wake.clear();
        host->fetcher.instance()->stop();
    }
}

void TailPool::look_again_in(std::chrono::milliseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
        if (const auto self = weak.lock(); self && !cancelled) self->start();
    });
}

void TailPool::choose_wake_partitions(const TopicInfo& wake) {
    wake_led_by_.clear();
    for (std::size_t i = 0; i < wake.leaders.size(); ++i) {
        if (wake.leaders[i] >= 0) wake_led_by_[wake.leaders[i]].push_back(static_cast<std::int32_t>(i));
    }
    for (auto& host : hosts_) {
        read_wake_partitions(*host);
        waker_.wake(wake_partitions_of(*host));
    }
}

/// One at every broker, and others than the neighbours', who are not to be woken with it.
std::vector<std::int32_t> TailPool::wake_partitions_of(const Host& host) const {
    std::vector<std::int32_t> chosen;
    for (const auto& [broker, partitions] : wake_led_by_)
        chosen.push_back(partitions[(node_hash_ + host.number) % partitions.size()]);
    return chosen;
}

void TailPool::read_wake_partitions(Host& host) {
    const auto wanted = wake_partitions_of(host);
    std::erase_if(host.wake, [&](const auto& reading) {
        return std::ranges::find(wanted, reading.first) == wanted.end();
    });
    for (const auto partition : wanted) {
        auto& reading = host.wake[partition];
        if (!reading) {
            reading =
                host.fetcher.read(wake_topic(config_.topic_prefix), partition, RD_KAFKA_OFFSET_END, deaf);
        }
    }
}

/// A fetch names every partition of its instance, so what a message costs the broker grows with them: tails
/// are spread over a few instances first, which are filled when there are that many.
TailPool::Host& TailPool::host_for(const std::string& topic) {
    Host* emptiest = nullptr;
    for (auto& host : hosts_) {
        if (host->topics.contains(topic)) continue;
        if (emptiest == nullptr || host->topics.size() < emptiest->topics.size()) emptiest = host.get();
    }
    const bool spread = std::cmp_greater_equal(hosts_.size(), config_.tail_instances);
    const int most = spread ? config_.tails_per_instance : config_.tails_before_spreading;
    if (emptiest != nullptr && std::cmp_less(emptiest->topics.size(), most)) return *emptiest;
    return open_host();
}

std::unique_ptr<TailPool::Place> TailPool::read(const std::string& topic, std::int64_t offset,
                                                ReadingSink& sink) {
    Host& host = host_for(topic);
    host.topics.insert(topic);
    std::unique_ptr<Place> place(new Place(shared_from_this(), host, topic));
    place->reading_ = host.fetcher.read(topic, 0, offset, sink);
    waker_.wake(wake_partitions_of(host));
    return place;
}

TailPool::Place::~Place() {
    reading_.reset();
    host_->topics.erase(topic_);
    auto& hosts = pool_->hosts_;
    if (!host_->topics.empty() || hosts.front().get() == host_) return;
    std::erase_if(hosts, [this](const auto& host) { return host.get() == host_; });
}

std::int64_t TailPool::Place::behind(std::int64_t next) const {
    std::int64_t first = 0;
    std::int64_t end = 0;  // RD_KAFKA_OFFSET_INVALID, which is negative, before the first fetch
    const auto known =
        rd_kafka_get_watermark_offsets(host_->fetcher.instance()->client(), topic_.c_str(), 0, &first, &end);
    return known == RD_KAFKA_RESP_ERR_NO_ERROR ? std::max<std::int64_t>(0, end - next) : 0;
}

const Instance& TailPool::first_instance() const { return *hosts_.front()->fetcher.instance(); }

}  // namespace roomcast::channel::kafka
