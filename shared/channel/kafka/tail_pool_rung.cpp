#include <algorithm>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/tail_host.hpp"
#include "shared/channel/kafka/tail_pool.hpp"
#include "shared/core/limits.hpp"

// Tails that are fetched only when somebody rings for a record.
namespace roomcast::channel::kafka {
namespace {

constexpr std::chrono::milliseconds record_comes_within{200};  // of its ring, as a rule
constexpr std::chrono::milliseconds look_after_rung_every{1'000};
constexpr std::size_t looks_in_a_round = 10;

}  // namespace

/// Those of which each record is rung for go to a fetcher that reads just these, and back when that ends.
bool TailPool::move_those_rung_for() {
    if (!on_demand_) return false;
    const auto rung_for = some([this](const Host& host, const Place& place) {
        return host.tier != Tier::rung && place.spoke_ && sleepers_.hears_of_each_record(place.topic_);
    });
    move(rung_for, Tier::rung);
    const auto unheard =
        some([this](const Host& host, const Place&) { return host.tier == Tier::rung && !sleepers_.work(); });
    move(unheard, Tier::sparse);
    return std::max(rung_for.size(), unheard.size()) == limits::tails_moved_at_once;
}

std::vector<TailPool::Place*> TailPool::rung_places(const std::string& topic) const {
    std::vector<Place*> places;
    for (const auto& host : hosts_) {
        if (host->tier != Tier::rung) continue;
        if (const auto found = host->topics.find(topic); found != host->topics.end())
            places.push_back(found->second);
    }
    return places;
}

std::size_t TailPool::rung_for() const {
    std::size_t count = 0;
    for (const auto& host : hosts_)
        if (host->tier == Tier::rung) count += host->topics.size();
    return count;
}

void TailPool::on_ring(const std::string& topic, Ring ring) {
    const auto places = rung_places(topic);
    if (ring == Ring::records) return move(places, Tier::sparse);
    for (auto* place : places) await(*place);
}

void TailPool::await(Place& place) {
    place.awaited_until_ =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.tail_silence_ms);
    place.reading_->demand(record_comes_within);
}

/// Once more those whose record was rung for and did not come yet; and a few by their logs' ends, in case
/// somebody appends who did not ring.
void TailPool::look_after_rung() {
    after(rung_, look_after_rung_every, &TailPool::look_after_rung);
    const auto now = std::chrono::steady_clock::now();
    std::vector<Requests::LogEnd> some;
    for (const auto& host : hosts_) {
        if (host->tier != Tier::rung) continue;
        for (const auto& [topic, place] : host->topics)
            if (place->awaited_until_ > now) place->reading_->demand(std::chrono::milliseconds(0));
        auto count = std::min(host->topics.size() / looks_in_a_round + 1, limits::tails_looked_up_at_once);
        auto at = host->topics.upper_bound(host->looked_up_to);
        for (; at != host->topics.end() && count > 0; ++at, --count) some.push_back({.topic = at->first});
        host->looked_up_to = at == host->topics.end() ? std::string() : std::prev(at)->first;
    }
    const auto requests = requests_.lock();
    if (!requests || some.empty()) return;
    requests->list_ends(some, limits::channel_request_deadline_ms,
                        [weak = weak_from_this()](rd_kafka_resp_err_t /*failed: no ends*/,
                                                  const std::vector<Requests::LogEnd>& ends) {
                            if (const auto self = weak.lock(); self && !self->stopped_)
                                self->on_ends_of_rung(ends);
                        });
}

void TailPool::on_ends_of_rung(const std::vector<Requests::LogEnd>& ends) {
    for (const auto& end : ends) {
        if (is_passing(end.error)) continue;
        for (auto* place : rung_places(end.topic)) {
            if (end.error == RD_KAFKA_RESP_ERR_NO_ERROR && end.offset <= place->next_) continue;
            sleepers_.keep_awake(end.topic);
            move({place}, Tier::sparse);
        }
    }
}

}  // namespace roomcast::channel::kafka
