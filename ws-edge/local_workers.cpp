#include "ws-edge/local_workers.hpp"

#include <boost/asio/post.hpp>

namespace roomcast::edge {

LocalWorkers::LocalWorkers(boost::asio::io_context& io, consumer::Service& service, WorkersListener& listener)
    : io_(io),
      service_(service),
      listener_(listener),
      peer_(service.attach(*this)),
      alive_(std::make_shared<bool>(true)) {}

LocalWorkers::~LocalWorkers() {
    *alive_ = false;
    service_.detach(peer_);
}

std::optional<NodeId> LocalWorkers::route(Slot) const { return name_; }

void LocalWorkers::send(const NodeId&, link::Request request) {
    requests_.push_back(std::move(request));
    schedule();
}

void LocalWorkers::send(link::Event event) {
    events_.push_back(std::move(event));
    schedule();
}

void LocalWorkers::deliver(link::SubId sub, std::span<const link::Entry> entries) {
    link::RoomMessages room{sub, {entries.begin(), entries.end()}};
    if (!events_.empty())
        if (auto* const messages = std::get_if<link::Messages>(&events_.back())) {
            messages->rooms.push_back(std::move(room));
            return;
        }
    link::Messages messages;
    messages.rooms.push_back(std::move(room));
    send(link::Event(std::move(messages)));
}

void LocalWorkers::schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    boost::asio::post(io_, [this, alive = alive_] {
        if (!*alive) return;
        scheduled_ = false;
        for (auto& request : std::exchange(requests_, {})) service_.on_request(peer_, std::move(request));
        for (auto& event : std::exchange(events_, {})) listener_.on_worker_event(name_, std::move(event));
    });
}

}  // namespace roomcast::edge
