#include "shared/channel/kafka/tail_pool.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/channel/kafka/tail_host.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::chrono::milliseconds wake_retry{1'000};
constexpr std::chrono::milliseconds wake_refresh{30'000};
constexpr std::chrono::milliseconds between_moves{100};
constexpr std::size_t speaks = 2;  // records that a tail shows which is to have room for more

class Deaf final : public ReadingSink {
public:
    void on_messages(Messages /*messages*/) override {}
    void on_reading_failed(rd_kafka_resp_err_t /*code*/, std::string /*text*/) override {}
};
Deaf deaf;

}  // namespace

TailPool::TailPool(boost::asio::io_context& io, KafkaConfig config, const NodeId& node,
                   std::weak_ptr<Requests> requests)
    : io_(io),
      config_(std::move(config)),
      node_hash_(std::hash<NodeId>{}(node)),
      requests_(std::move(requests)),
      waker_(io, config_),
      sleepers_(io, config_, requests_, Doorbell(waker_.instance(), config_)),
      timer_(io),
      silence_(io),
      speech_(io),
      rung_(io),
      asking_(io),
      on_demand_(fetches_on_demand() && config_.rung_tails_per_instance > 0) {
    open_host(Tier::speaking);
}

TailPool::~TailPool() = default;

TailPool::Host& TailPool::open_host(Tier tier) {
    hosts_.push_back(std::make_unique<Host>(io_, config_, hosts_opened_++, tier));
    read_wake_partitions(*hosts_.back());
    return *hosts_.back();
}

void TailPool::start() {
    find_wake_partitions();
    sleepers_.start(hosts_.front()->fetcher,
                    [this](const std::string& topic, Ring ring) { on_ring(topic, ring); });
    if (on_demand_) look_up_rung();
    after(silence_, std::chrono::milliseconds(config_.tail_silence_ms), &TailPool::put_silent_to_sleep);
}

void TailPool::find_wake_partitions() {
    const auto requests = requests_.lock();
    if (!requests || stopped_) return;
    requests->describe(wake_topic(config_.topic_prefix), limits::channel_request_deadline_ms,
                       [weak = weak_from_this()](rd_kafka_resp_err_t code, const TopicInfo& info) {
                           const auto self = weak.lock();
                           if (!self || self->stopped_) return;
                           if (code == RD_KAFKA_RESP_ERR_NO_ERROR && !info.leaders.empty())
                               return self->find_wake_ends(info);
                           self->after(self->timer_, wake_retry, &TailPool::find_wake_partitions);
                       });
}

/// A fetcher that had to ask for the end itself would, if a fetch is parked before it asks, wait with its
/// first tails until that returns.
void TailPool::find_wake_ends(const TopicInfo& wake) {
    const auto requests = requests_.lock();
    if (!requests) return;
    std::vector<Requests::LogEnd> wanted;
    for (std::size_t i = 0; i < wake.leaders.size(); ++i) {
        if (wake.leaders[i] < 0) continue;
        wanted.push_back(
            {.topic = wake_topic(config_.topic_prefix), .partition = static_cast<std::int32_t>(i)});
    }
    requests->list_ends(wanted, limits::channel_request_deadline_ms,
                        [weak = weak_from_this(), wake](rd_kafka_resp_err_t /*failed: no ends*/,
                                                        const std::vector<Requests::LogEnd>& ends) {
                            const auto self = weak.lock();
                            if (!self || self->stopped_) return;
                            self->wake_ends_.clear();
                            for (const auto& end : ends)
                                if (end.error == RD_KAFKA_RESP_ERR_NO_ERROR)
                                    self->wake_ends_[end.partition] = end.offset;
                            self->choose_wake_partitions(wake);
                            self->after(self->timer_, wake_refresh, &TailPool::find_wake_partitions);
                        });
}

void TailPool::stop() {
    stopped_ = true;
    timer_.cancel();
    silence_.cancel();
    speech_.cancel();
    rung_.cancel();
    sleepers_.stop();
    for (auto& host : hosts_) {
        host->wake.clear();
        host->fetcher.instance()->stop();
    }
}

void TailPool::after(boost::asio::steady_timer& timer, std::chrono::milliseconds pause,
                     void (TailPool::*what)()) {
    timer.expires_after(pause);
    timer.async_wait([weak = weak_from_this(), what](const boost::system::error_code& cancelled) {
        if (const auto self = weak.lock(); self && !cancelled && !self->stopped_) (*self.*what)();
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
    if (host.tier == Tier::rung) return chosen;  // nothing of it is parked for long
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
        if (reading) continue;
        const auto end = wake_ends_.find(partition);
        const auto from = end == wake_ends_.end() ? std::int64_t{RD_KAFKA_OFFSET_END} : end->second;
        reading = host.fetcher.read(wake_topic(config_.topic_prefix), partition, from, deaf);
    }
}

/// A fetch names every partition of its instance, so what a message costs the broker grows with them: tails
/// are spread over a few instances first, which are filled when there are that many.
TailPool::Host& TailPool::host_for(const std::string& topic, Tier tier) {
    Host* emptiest = nullptr;
    int opened = 0;
    for (auto& host : hosts_) {
        if (host->tier != tier || is_worn(*host)) continue;
        ++opened;
        if (host->topics.contains(topic)) continue;
        if (emptiest == nullptr || host->topics.size() < emptiest->topics.size()) emptiest = host.get();
    }
    const int speaking =
        opened >= config_.tail_instances ? config_.tails_per_instance : config_.tails_before_spreading;
    const int most = tier == Tier::rung     ? config_.rung_tails_per_instance
                     : tier == Tier::sparse ? config_.sparse_tails_per_instance
                                            : speaking;
    if (emptiest != nullptr && std::cmp_less(emptiest->topics.size(), most)) return *emptiest;
    return open_host(tier);
}

void TailPool::end_if_unused(Host& host) {
    if (!host.topics.empty() || hosts_.front().get() == &host) return;
    std::erase_if(hosts_, [&host](const auto& each) { return each.get() == &host; });
}

std::unique_ptr<TailPool::Place> TailPool::read(const std::string& topic, std::int64_t offset,
                                                ReadingSink& sink) {
    Host& host = host_for(topic, Tier::speaking);
    std::unique_ptr<Place> place(new Place(shared_from_this(), topic, offset, sink));
    place->enter(host);
    waker_.wake(wake_partitions_of(host));
    return place;
}

/// librdkafka keeps every topic that an instance ever read, and looks through them each second.
bool TailPool::is_worn(const Host& host) const { return host.left >= config_.tails_left_per_instance; }

/// A few: each takes some time of the loop, and a new instance some of a core.
std::vector<TailPool::Place*> TailPool::some(
    const std::function<bool(const Host&, const Place&)>& wanted) const {
    std::vector<Place*> some;
    for (const auto& host : hosts_) {
        for (const auto& [topic, place] : host->topics) {
            if (some.size() == limits::tails_moved_at_once) return some;
            if (wanted(*host, *place)) some.push_back(place);
        }
    }
    return some;
}

void TailPool::move(const std::vector<Place*>& places, Tier tier) {
    std::set<Host*> joined;
    for (auto* place : places) {
        Host& host = host_for(place->topic_, tier);
        place->leave();
        place->enter(host);
        joined.insert(&host);
    }
    for (const auto* host : joined) waker_.wake(wake_partitions_of(*host));
}

/// Those that showed nothing since all were looked through; where the doorbell does not work they share
/// fetchers in place of sleeping.
void TailPool::put_silent_to_sleep() {
    const auto silent = some([this](const Host& host, const Place& place) {
        if (place.spoke_) return false;
        return sleepers_.work() ? sleepers_.may_sleep(place.topic_) : host.tier != Tier::sparse;
    });
    if (sleepers_.work()) {
        for (auto* place : silent) {
            place->leave();
            sleepers_.add(place->topic_, *place);
        }
    } else {
        move(silent, Tier::sparse);
    }
    const bool more =
        move_stranded() || move_those_rung_for() || silent.size() == limits::tails_moved_at_once;
    if (more) return after(silence_, between_moves, &TailPool::put_silent_to_sleep);
    for (auto& host : hosts_) {
        for (auto& [topic, place] : host->topics) place->spoke_ = false;
    }
    after(silence_, std::chrono::milliseconds(config_.tail_silence_ms), &TailPool::put_silent_to_sleep);
}

/// Those whose instance is worn. Answers whether there may be more.
bool TailPool::move_stranded() {
    const auto stranded = some([this](const Host& host, const Place&) { return is_worn(host); });
    for (auto* place : stranded) move({place}, place->host_->tier);
    return stranded.size() == limits::tails_moved_at_once;
}

/// To a fetcher that many share: thousands that wake in the same second would wait for a hundred new
/// instances.
void TailPool::wake(Place& place, Ring why) {
    const bool rung = on_demand_ && why == Ring::record;
    Host& host = host_for(place.topic_, rung ? Tier::rung : Tier::sparse);
    place.spoke_ = true;
    place.enter(host);
    if (rung) await(place);
    waker_.wake(wake_partitions_of(host));
}

/// Not at once, for the same reason.
void TailPool::move_speaking() {
    const auto speaking = some([](const Host& host, const Place& place) {
        return host.tier == Tier::sparse && place.shown_ >= speaks;
    });
    move(speaking, Tier::speaking);
    speech_awaited_ = speaking.size() == limits::tails_moved_at_once;
    if (speech_awaited_) after(speech_, between_moves, &TailPool::move_speaking);
}

void TailPool::Place::enter(Host& host) {
    host_ = &host;
    shown_ = 0;
    host.topics.emplace(topic_, this);
    reading_ = host.fetcher.read(topic_, 0, next_, *this);
}

void TailPool::Place::stop_awaiting() {
    if (std::exchange(awaited_, std::nullopt)) pool_->awaited_.erase(this);
}

void TailPool::Place::leave() {
    stop_awaiting();
    reading_.reset();
    host_->topics.erase(topic_);
    ++host_->left;
    pool_->end_if_unused(*std::exchange(host_, nullptr));
}

TailPool::Place::~Place() {
    if (host_ != nullptr) {
        leave();
    } else {
        pool_->sleepers_.remove(topic_, *this);
    }
}

void TailPool::Place::on_messages(Messages messages) {
    next_ = messages.back()->offset + 1;
    spoke_ = true;
    stop_awaiting();
    shown_ += messages.size();
    if (host_->tier == Tier::sparse && shown_ >= speaks && !std::exchange(pool_->speech_awaited_, true))
        pool_->after(pool_->speech_, between_moves, &TailPool::move_speaking);
    sink_.on_messages(messages);  // may end this
}

void TailPool::Place::on_reading_failed(rd_kafka_resp_err_t code, std::string text) {
    sink_.on_reading_failed(code, std::move(text));
}

std::int64_t TailPool::Place::behind(std::int64_t next) const {
    // Of one that is rung for nothing is known before it is fetched, and it has a thousand beside it:
    // librdkafka looks through all of its topics for one by its name.
    if (host_ == nullptr || host_->tier == Tier::rung) return 0;
    std::int64_t first = 0;
    std::int64_t end = 0;  // RD_KAFKA_OFFSET_INVALID, which is negative, before the first fetch
    const auto known =
        rd_kafka_get_watermark_offsets(host_->fetcher.instance()->client(), topic_.c_str(), 0, &first, &end);
    return known == RD_KAFKA_RESP_ERR_NO_ERROR ? std::max<std::int64_t>(0, end - next) : 0;
}

const Instance& TailPool::first_instance() const { return *hosts_.front()->fetcher.instance(); }

}  // namespace roomcast::channel::kafka
