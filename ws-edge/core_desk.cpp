// The half of Core that serves the desk: visits of rooms, lists of rooms, what owners change, and what shards
// ask of the desk.
#include <algorithm>

#include "shared/core/limits.hpp"
#include "ws-edge/core.hpp"

namespace roomcast::edge {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto request_deadline = std::chrono::milliseconds(limits::channel_request_deadline_ms);
}  // namespace

void Core::handle(ShardIndex shard, CheckPassword& command) { desk_->on_password(shard, std::move(command)); }
void Core::handle(ShardIndex shard, NickInUse& command) { nicks_.on_change(shard, command); }
void Core::handle(ShardIndex shard, TakeTicket& command) { desk_->on_ticket(shard, std::move(command)); }
void Core::handle(ShardIndex shard, HttpTask& command) { desk_->on_http(shard, std::move(command)); }

void Core::handle(const NodeId& worker, link::RoomChanged& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room != nullptr && room->open()) take_info(*room, std::move(event.room));
}

void Core::handle(const NodeId& worker, link::Kicked& event) {
    CoreRoom* const room = room_of(worker, event.sub);
    if (room == nullptr) return;
    for (const auto& [shard, generation] : room->shards) tell(shard, UserKicked{room->slug, event.user});
}

void Core::handle(const NodeId&, link::Returned& event) { caller_.on_returned(std::move(event)); }

void Core::take_info(CoreRoom& room, RoomInfo info) {
    // A worker that lags behind the one before it has an older record.
    if (room.info && info.revision <= room.info->revision) return;
    room.info = std::make_shared<const RoomInfo>(std::move(info));
    for (const auto& [shard, generation] : room.shards)
        tell(shard, RoomInfoChanged{room.slug, generation, room.info});
}

void Core::tell_all(const ShardEvent& event) {
    for (ShardIndex shard = 0; shard < outgoing_.size(); ++shard) tell(shard, event);
}

void Core::visit(const RoomSlug& slug, CoreRoom::Visit done) {
    auto& room = rooms_[slug];
    if (!room) {
        room = std::make_shared<CoreRoom>();
        room->slug = slug;
        room->opening_since = Clock::now();
    }
    if (room->open()) {
        ++room->visitors;
        return done(room->info);
    }
    room->visits.push_back(std::move(done));
    if (!room->pending) subscribe(*room);
}

void Core::end_visits(CoreRoom& room, const Result<std::shared_ptr<const RoomInfo>>& outcome) {
    auto waiting = std::exchange(room.visits, {});
    if (outcome) room.visitors += waiting.size();
    for (const auto& visit : waiting) visit(outcome);
}

void Core::leave(const RoomSlug& slug) {
    const auto found = rooms_.find(slug);
    if (found == rooms_.end()) return;
    if (found->second->visitors > 0) --found->second->visitors;
    forget_if_unused(slug);
}

void Core::read(const RoomSlug& slug, link::ReadHistory question,
                std::function<void(Result<link::HistoryPage>)> done) {
    const auto found = rooms_.find(slug);
    if (found == rooms_.end()) return done(Error{Errc::room_gone, {}});
    const link::RequestId request{next_request_++};
    question.request = request;
    question.at_least = found->second->position;
    questions_.emplace(request.value, Question{slug, 0, SessionKey{}, 0, question,
                                               Clock::now() + request_deadline, false, std::move(done)});
    ask_questions(*found->second);
}

void Core::answer_question(std::map<std::uint64_t, Question>::iterator question,
                           Result<link::HistoryPage> page) {
    const Question asked = std::move(question->second);
    questions_.erase(question);
    if (asked.done) return asked.done(std::move(page));
    tell(asked.shard, PageArrived{asked.session, asked.ticket, std::move(page)});
}

void Core::append(const LogId& log, channel::Record record, std::function<void(Result<Seq>)> done) {
    const auto room = room_of(log);
    if (room == nullptr) return done(Error{Errc::room_gone, {}});
    const channel::AppendTicket ticket = next_ticket_++;
    MessageId id = record.id;
    if (const auto kept = publisher_->publish(log, std::move(record), ticket); !kept) {
        ++stats_.refused;
        return done(kept.error());
    }
    ++stats_.published;
    ++room->unanswered;
    pending_.emplace(ticket, Pending{room, 0, SessionKey{}, std::move(id), Clock::now(), std::move(done)});
}

void Core::list_rooms(const std::string& after, const std::string& query, int limit,
                      const std::function<void(Result<link::RoomPage>)>& done) {
    std::map<NodeId, std::vector<Slot>> by_worker;
    for (std::uint16_t number = 0; number < slot_count; ++number)
        if (const auto worker = workers_->route(Slot{number})) by_worker[*worker].push_back(Slot{number});
    if (by_worker.empty()) return done(Error{Errc::unavailable, "no worker can be reached"});
    struct Gathering {
        std::size_t left = 0;
        std::optional<Error> failure;
        link::RoomPage page;
    };
    auto gathering = std::make_shared<Gathering>();
    gathering->left = by_worker.size();
    for (auto& [worker, slots] : by_worker) {
        const Slot first = slots.front();
        caller_.call(first, link::ListRooms{std::move(slots), after, query, limit},
                     [gathering, limit, done](link::Reply reply) {
                         auto part = expect<link::RoomPage>(std::move(reply));
                         if (part) {
                             gathering->page.more = gathering->page.more || part->more;
                             for (auto& room : part->rooms) gathering->page.rooms.push_back(std::move(room));
                         } else {
                             gathering->failure = part.error();
                         }
                         if (--gathering->left > 0) return;
                         if (gathering->failure) return done(*gathering->failure);
                         auto& rooms = gathering->page.rooms;
                         std::sort(rooms.begin(), rooms.end(), [](const auto& a, const auto& b) {
                             return a.room.log.room < b.room.log.room;
                         });
                         if (rooms.size() > static_cast<std::size_t>(limit)) {
                             rooms.resize(static_cast<std::size_t>(limit));
                             gathering->page.more = true;
                         }
                         done(std::move(gathering->page));
                     });
    }
}

}  // namespace roomcast::edge
