#include "ws-edge/cluster_workers.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"
#include "shared/core/rendezvous.hpp"

namespace roomcast::edge {
using Clock = std::chrono::steady_clock;

ClusterWorkers::ClusterWorkers(net::Loop& loop, channel::MembersLog& members,
                               std::shared_ptr<const net::TlsContext> tls, NodeId self,
                               WorkersListener& listener, ops::Log& log)
    : loop_(loop),
      tls_(std::move(tls)),
      self_(std::move(self)),
      listener_(listener),
      log_(log),
      sweep_timer_(loop.io()),
      alive_(std::make_shared<bool>(true)) {
    following_ = members.follow(*this);
    sweep();
}

ClusterWorkers::~ClusterWorkers() { *alive_ = false; }

void ClusterWorkers::on_member(const NodeId& node, std::string_view value) {
    const auto known = workers_.find(node);
    if (value.empty()) {
        // Taken back: it is leaving, but what it still says on its link is heard until the link ends.
        if (known == workers_.end()) return;
        known->second.draining = true;
        known->second.heard = Clock::now() - std::chrono::milliseconds(limits::member_forget_ms / 2);
        return routes_changed();
    }
    auto record = wire::decode_member(value);
    if (!record) return log_.warn("bad_member_record", {{"worker", node}});
    if (record->announced < now_ms() - limits::member_forget_ms && known == workers_.end())
        return;  // long gone
    Worker& worker = workers_[node];
    const bool moved = worker.record.slots != record->slots || worker.draining;
    worker.heard = Clock::now();
    worker.draining = false;
    worker.record = std::move(*record);
    if (!worker.link) worker.link = std::make_unique<LinkClient>(loop_, *tls_, self_, node, *this);
    worker.link->aim(worker.record.host, worker.record.port);
    if (moved) routes_changed();
}

std::optional<NodeId> ClusterWorkers::route(Slot slot) const {
    const NodeId* owner = nullptr;
    TimeMs newest = 0;
    const NodeId* next = nullptr;
    std::uint64_t best = 0;
    for (const auto& [node, worker] : workers_) {
        if (!worker.usable()) continue;
        if (std::find(worker.record.slots.begin(), worker.record.slots.end(), slot) !=
                worker.record.slots.end() &&
            (owner == nullptr || worker.record.announced > newest)) {
            owner = &node;
            newest = worker.record.announced;
        }
        const std::uint64_t weight = rendezvous_weight(node, slot);
        if (next == nullptr || weight > best) {
            next = &node;
            best = weight;
        }
    }
    if (owner != nullptr) return *owner;
    return next != nullptr ? std::optional<NodeId>(*next) : std::nullopt;
}

void ClusterWorkers::send(const NodeId& worker, link::Request request) {
    const auto found = workers_.find(worker);
    if (found != workers_.end() && found->second.link) found->second.link->send(request);
}

bool ClusterWorkers::any() const { return links_up() > 0; }

std::size_t ClusterWorkers::links_up() const {
    return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(),
                                                  [](const auto& entry) { return entry.second.usable(); }));
}

void ClusterWorkers::on_link_up(LinkClient& link) {
    log_.info("link_up", {{"worker", link.worker()}});
    routes_changed();
}

void ClusterWorkers::on_link_down(LinkClient& link, std::string_view why) {
    log_.warn("link_down", {{"worker", link.worker()}, {"why", why}});
    boost::asio::post(loop_.io(), [this, alive = alive_, worker = link.worker()] {
        if (*alive) listener_.on_worker_lost(worker);
    });
}

void ClusterWorkers::on_link_event(LinkClient& link, link::Event event) {
    if (std::holds_alternative<link::Draining>(event)) {
        log_.info("worker_draining", {{"worker", link.worker()}});
        workers_[link.worker()].draining = true;
        return routes_changed();
    }
    listener_.on_worker_event(link.worker(), std::move(event));
}

void ClusterWorkers::routes_changed() {
    if (change_scheduled_) return;
    change_scheduled_ = true;
    boost::asio::post(loop_.io(), [this, alive = alive_] {
        if (!*alive) return;
        change_scheduled_ = false;
        listener_.on_routes_changed();
    });
}

void ClusterWorkers::sweep() {
    sweep_timer_.expires_after(std::chrono::seconds(1));
    sweep_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        const auto moment = Clock::now() - std::chrono::milliseconds(limits::member_forget_ms);
        std::erase_if(workers_, [&](const auto& entry) {
            const Worker& worker = entry.second;
            return worker.heard < moment && !(worker.link && worker.link->up());
        });
        sweep();
    });
}

}  // namespace roomcast::edge
