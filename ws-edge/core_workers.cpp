// The half of Core that talks with workers: where each room is read.
#include <algorithm>

#include "shared/core/limits.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {
namespace {
using Clock = std::chrono::steady_clock;
}

void Core::subscribe(CoreRoom& room) {
    unsettled_.insert(room.slug);
    const auto target = workers_->route(slot_of(room.slug));
    if (!target) return;  // the sweep tries again
    if (room.pending && room.pending->worker == *target) return;
    unsubscribe(room.pending);
    if (room.active && room.active->worker == *target) return;
    if (room.open()) ++stats_.resubscribes;
    room.pending = CoreRoom::Subscription{*target, link::SubId{next_sub_++}, Clock::now()};
    subs_.emplace(SubKey{*target, room.pending->sub.value}, room.slug);
    workers_->send(*target, link::Subscribe{room.pending->sub, room.slug, room.create && !room.open(),
                                            room.creator, room.epoch, room.position});
}

void Core::unsubscribe(std::optional<CoreRoom::Subscription>& subscription) {
    if (!subscription) return;
    if (subs_.erase(SubKey{subscription->worker, subscription->sub.value}) > 0)
        workers_->send(subscription->worker, link::Unsubscribe{subscription->sub});
    subscription.reset();
}

CoreRoom* Core::room_of(const NodeId& worker, link::SubId sub) {
    const auto found = subs_.find(SubKey{worker, sub.value});
    if (found == subs_.end()) return nullptr;
    const auto room = rooms_.find(found->second);
    return room == rooms_.end() ? nullptr : room->second.get();
}

void Core::on_worker_event(const NodeId& worker, link::Event event) {
    std::visit([&](auto& given) { handle(worker, given); }, event);
}

void Core::handle(const NodeId& worker, link::Subscribed& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr || !room->pending || room->pending->sub != event.sub) return;
    unsubscribe(room->active);
    room->active = std::exchange(room->pending, std::nullopt);
    for (auto& [request, question] : questions_)
        if (question.room == room->slug)
            question.asked = false;  // what the old worker was asked is asked again
    if (!room->open()) {
        room->epoch = event.room.log.epoch;
        room->info = std::make_shared<const RoomInfo>(std::move(event.room));
        room->position = event.position;
        for (const auto& [shard, generation] : room->shards)
            tell(shard, RoomOpened{room->slug, generation, room->info, room->position});
        end_visits(*room, room->info);
    } else {
        take_info(*room, std::move(event.room));
    }
    register_people(*room);
    ask_questions(*room);
}

void Core::handle(const NodeId& worker, link::Refused& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr) return;
    subs_.erase(SubKey{worker, event.sub.value});
    if (room->pending && room->pending->sub == event.sub) room->pending.reset();
    if (room->active && room->active->sub == event.sub) room->active.reset();
    unsettled_.insert(room->slug);
    const RoomSlug slug = room->slug;
    if (!room->open()) {
        // Tried again by the sweep, till the deadline. `room_gone`: the last incarnation's log was lost, and
        // the directory is just about to forget it; then there is a new one.
        const bool passing = event.error.code == Errc::unavailable || event.error.code == Errc::room_gone;
        if (passing && workers_->any()) return;
        return refuse_opening(slug, event.error);
    }
    if (event.error.code == Errc::room_gone) return close_room(slug, event.error);
    log_.warn("subscription_refused", {{"room", slug}, {"worker", worker}, {"why", event.error.detail}});
    // Anything else is tried again by the sweep, from the same position.
}

void Core::close_room(const RoomSlug& slug, const Error& error) {
    const auto found = rooms_.find(slug);
    if (found == rooms_.end()) return;
    CoreRoom& room = *found->second;
    log_.warn("room_closed", {{"room", slug}, {"epoch", room.epoch}, {"why", error.detail}});
    for (const auto& [shard, generation] : room.shards) tell(shard, RoomClosed{slug, generation, error});
    unsubscribe(room.active);
    unsubscribe(room.pending);
    publisher_->close(LogId{slug, room.epoch});
    const auto waiting = std::move(room.waiting);
    room.gone = true;
    rooms_.erase(found);
    for (const auto& item : waiting) finish_publish(item.ticket, Error{Errc::unknown_outcome, {}});
    for (auto question = questions_.begin(); question != questions_.end();) {
        const auto next = std::next(question);
        if (question->second.room == slug) answer_question(question, error);
        question = next;
    }
}

void Core::refuse_opening(const RoomSlug& slug, const Error& error) {
    const auto found = rooms_.find(slug);
    if (found == rooms_.end()) return;
    for (const auto& [shard, generation] : found->second->shards)
        tell(shard, RoomRefused{slug, generation, error});
    unsubscribe(found->second->pending);
    unsubscribe(found->second->active);
    const auto room = std::move(found->second);
    room->gone = true;
    rooms_.erase(found);
    end_visits(*room, error);
}

void Core::handle(const NodeId& worker, link::Messages& event) {
    for (auto& part : event.rooms)
        if (CoreRoom* const room = room_of(worker, part.sub)) take_entries(*room, std::move(part.entries));
}

void Core::handle(const NodeId&, link::HistoryPage& event) {
    const auto found = questions_.find(event.request.value);
    if (found != questions_.end()) answer_question(found, std::move(event));
}

void Core::handle(const NodeId& worker, link::HistoryRefused& event) {
    const auto found = questions_.find(event.request.value);
    if (found == questions_.end()) return;
    const auto room = rooms_.find(found->second.room);
    const bool elsewhere =
        room != rooms_.end() && room->second->active && room->second->active->worker != worker;
    if (elsewhere) return;  // an old worker's answer to a question that was asked again
    answer_question(found, std::move(event.error));
}

void Core::handle(const NodeId&, link::Draining&) {}  // Workers routes around it, and says so

void Core::on_worker_lost(const NodeId& worker) {
    std::erase_if(subs_, [&](const auto& entry) { return entry.first.first == worker; });
    std::size_t moved = 0;
    for (auto& [slug, room] : rooms_) {
        const bool was_pending = room->pending && room->pending->worker == worker;
        const bool was_active = room->active && room->active->worker == worker;
        if (was_pending) room->pending.reset();
        if (was_active) room->active.reset();
        if (!was_pending && !was_active) continue;
        ++moved;
        subscribe(*room);
    }
    caller_.on_worker_lost(worker);
    nicks_.on_worker_lost(worker);
    log_.warn("worker_lost", {{"worker", worker}, {"rooms", moved}});
}

void Core::on_routes_changed() {
    for (auto& [slug, room] : rooms_) subscribe(*room);
    nicks_.on_routes_changed();
}

}  // namespace roomcast::edge
