#include <algorithm>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/tail_host.hpp"
#include "shared/channel/kafka/tail_pool.hpp"
#include "shared/core/limits.hpp"

// Tails that are fetched only when somebody rings for a record.
namespace roomcast::channel::kafka {
namespace {

// Before one is asked for again; the next is twice as long.
constexpr std::chrono::milliseconds first_pause{4};
constexpr std::chrono::milliseconds longest_pause{1'000};
constexpr std::chrono::milliseconds look_up_every{1'000};
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

/// Has it fetched, and again with pauses that grow: the record comes later than its ring where their leaders
/// are two brokers, and it may have come before it. A fetch that waits for it would keep others waiting too.
void TailPool::await(Place& place) {
    const auto silence = std::chrono::milliseconds(config_.tail_silence_ms);
    const auto now = std::chrono::steady_clock::now();
    place.awaited_ = {.until = now + silence, .ask_again = now + first_pause, .pause = first_pause};
    awaited_.insert(&place);
    place.reading_->demand();
    ask_again_at(place.awaited_->ask_again);
}

void TailPool::ask_again_at(std::chrono::steady_clock::time_point when) {
    if (when >= asking_at_) return;
    asking_at_ = when;
    asking_.expires_at(when);
    asking_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
        if (const auto self = weak.lock(); self && !cancelled && !self->stopped_) self->ask_again();
    });
}

void TailPool::ask_again() {
    const auto now = std::chrono::steady_clock::now();
    auto next = never;
    for (auto at = awaited_.begin(); at != awaited_.end();) {
        Place& place = **at++;
        auto& awaited = *place.awaited_;
        if (awaited.until <= now) {
            place.stop_awaiting();
            continue;
        }
        if (awaited.ask_again <= now) {
            place.reading_->demand();
            awaited.pause = std::min(2 * awaited.pause, longest_pause);
            awaited.ask_again = now + awaited.pause;
        }
        next = std::min(next, awaited.ask_again);
    }
    asking_at_ = never;
    if (next != never) ask_again_at(next);
}

/// A few by their logs' ends, in case somebody appends who did not ring.
void TailPool::look_up_rung() {
    after(rung_, look_up_every, &TailPool::look_up_rung);
    std::vector<Requests::LogEnd> some;
    for (const auto& host : hosts_) {
        if (host->tier != Tier::rung) continue;
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
