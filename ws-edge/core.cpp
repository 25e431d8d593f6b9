#include "ws-edge/core.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::edge {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto sweep_every = std::chrono::milliseconds(200);
constexpr auto ack_deadline = std::chrono::milliseconds(limits::ack_deadline_ms);
constexpr auto request_deadline = std::chrono::milliseconds(limits::channel_request_deadline_ms);
}  // namespace

Core::Core(boost::asio::io_context& io, ShardIndex shards, PostToShard post, const ops::RateSettings& rates,
           ops::Log& log)
    : io_(io),
      post_(std::move(post)),
      log_(log),
      nicks_(caller_, [this](ShardIndex shard, SessionKey session) { tell(shard, NickLost{session}); }),
      limits_(rates),
      outgoing_(shards),
      expected_(shards),
      sweep_timer_(io),
      alive_(std::make_shared<bool>(true)) {}

Core::~Core() { *alive_ = false; }

void Core::use(Workers& workers, producer::Publisher& publisher, Desk& desk) {
    workers_ = &workers;
    publisher_ = &publisher;
    desk_ = &desk;
    caller_.use(workers);
    nicks_.use(workers);
    sweep();
}

void Core::tell(ShardIndex shard, ShardEvent event) {
    auto& events = outgoing_.at(shard);
    if (events.empty()) events.reserve(expected_[shard]);
    events.push_back(std::move(event));
    if (flush_scheduled_) return;
    flush_scheduled_ = true;
    boost::asio::post(io_, [this, alive = alive_] {
        if (*alive) flush();
    });
}

void Core::flush() {
    flush_scheduled_ = false;
    for (ShardIndex shard = 0; shard < outgoing_.size(); ++shard) {
        if (outgoing_[shard].empty()) continue;
        expected_[shard] = outgoing_[shard].size();
        post_(shard, std::exchange(outgoing_[shard], {}));
    }
}

void Core::on_commands(ShardIndex shard, std::vector<CoreCommand> commands) {
    turn_began_ = Clock::now();
    for (auto& command : commands) std::visit([&](auto& given) { handle(shard, given); }, command);
}

void Core::handle(ShardIndex shard, OpenRoom& command) {
    auto& room = rooms_[command.room];
    if (!room) {
        room = std::make_shared<CoreRoom>();
        room->slug = command.room;
        room->opening_since = Clock::now();
    }
    room->shards[shard] = command.generation;
    if (room->open())
        return tell(shard, RoomOpened{room->slug, command.generation, room->info, room->position});
    if (command.create && !room->create) {
        room->create = true;
        room->creator = command.creator;
        unsubscribe(room->pending);  // asked without leave to create: ask anew
    }
    if (!room->pending) subscribe(*room);
}

void Core::handle(ShardIndex shard, CloseRoom& command) {
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end()) return;
    found->second->shards.erase(shard);
    forget_if_unused(command.room);
}

void Core::forget_if_unused(const RoomSlug& slug) {
    const auto found = rooms_.find(slug);
    if (found == rooms_.end() || found->second->used()) return;
    unsubscribe(found->second->active);
    unsubscribe(found->second->pending);
    found->second->gone = true;
    rooms_.erase(found);
}

void Core::handle(ShardIndex shard, AskPage& command) {
    const link::RequestId request{next_request_++};
    command.question.request = request;
    const auto room = rooms_.find(command.room);
    const bool askable = room != rooms_.end() && room->second->active.has_value();
    if (askable) {
        command.question.sub = room->second->active->sub;
        workers_->send(room->second->active->worker, command.question);
    }
    questions_.emplace(request.value,
                       Question{command.room, shard, command.session, command.ticket, command.question,
                                Clock::now() + request_deadline, askable, nullptr});
}

void Core::ask_questions(CoreRoom& room) {
    if (!room.active) return;
    for (auto& [request, question] : questions_) {
        if (question.asked || question.room != room.slug) continue;
        question.asked = true;
        question.question.sub = room.active->sub;
        workers_->send(room.active->worker, question.question);
    }
}

void Core::handle(ShardIndex shard, Publish& command) {
    const channel::AppendTicket ticket = next_ticket_++;
    MessageId id = command.record.id;
    const auto found = rooms_.find(command.room);
    if (found == rooms_.end() || found->second->epoch != command.epoch) {
        ++stats_.refused;
        return tell(shard, PublishDone{command.session, command.room, std::move(id), Errc::room_gone});
    }
    if (const auto wait =
            limits_.message(command.record.user, command.address, command.room, command.record.time))
        return tell(shard, PublishDone{command.session, command.room, std::move(id),
                                       Error{Errc::rate_limited, wait->what, wait->retry_after_ms}});
    const LogId log{std::move(command.room), std::move(command.epoch)};
    const auto kept = publisher_->publish(log, std::move(command.record), ticket);
    if (!kept) {
        ++stats_.refused;
        return tell(shard, PublishDone{command.session, log.room, std::move(id), kept.error()});
    }
    ++stats_.published;
    ++found->second->unanswered;
    pending_.emplace(ticket,
                     Pending{found->second, shard, command.session, std::move(id), turn_began_, nullptr});
}

void Core::on_appended(channel::AppendTicket ticket, Seq seq) {
    const auto pending = pending_.find(ticket);
    if (pending == pending_.end()) return;  // answered already, as unknown
    const auto room = room_of(pending->second);
    if (room == nullptr)
        return finish_publish(ticket, Errc::unknown_outcome);  // kept, in a log that is gone by now
    if (seq <= room->position) return finish_publish(ticket, room->first_of(seq));
    room->waiting.push_back({seq, ticket});
}

void Core::on_append_failed(channel::AppendTicket ticket, Error error) {
    finish_publish(ticket, std::move(error));
}

void Core::finish_publish(channel::AppendTicket ticket, Result<Seq> outcome, Clock::time_point now) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) return;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    if (outcome) {
        ++stats_.acked;
        ack_s_.observe(std::chrono::duration<double>(now - pending.since).count());
    } else if (outcome.error().code == Errc::unknown_outcome) {
        ++stats_.unknown;
    } else {
        ++stats_.refused;
    }
    if (pending.done) {
        pending.done(std::move(outcome));
    } else {
        tell(pending.shard,
             PublishDone{pending.session, pending.room->slug, std::move(pending.id), std::move(outcome)});
    }
    const auto room = room_of(pending);
    if (room == nullptr) return;
    if (room->unanswered > 0) --room->unanswered;
    if (!room->used()) forget_if_unused(room->slug);
}

std::shared_ptr<CoreRoom> Core::room_of(const LogId& log) {
    const auto found = rooms_.find(log.room);
    return found == rooms_.end() || found->second->epoch != log.epoch ? nullptr : found->second;
}

std::shared_ptr<CoreRoom> Core::room_of(const Pending& pending) {
    return pending.room->gone ? room_of(LogId{pending.room->slug, pending.room->epoch}) : pending.room;
}

void Core::take_entries(CoreRoom& room, std::vector<link::Entry> entries) {
    // Two workers may both send for a while around a take-over; the position tells what is new.
    std::erase_if(entries, [&](const link::Entry& entry) { return entry.seq <= room.position; });
    if (entries.empty()) return;
    room.position = entries.back().seq;
    for (const auto& entry : entries)
        if (entry.first != entry.seq) room.repeats.emplace(entry.seq, entry.first);
    while (room.repeats.size() > CoreRoom::repeats_kept) room.repeats.erase(room.repeats.begin());
    stats_.entries_in += entries.size();
    const auto shared = std::make_shared<const std::vector<link::Entry>>(std::move(entries));
    for (const auto& [shard, generation] : room.shards) tell(shard, RoomBatch{room.slug, shared});
    const bool owed = room.unanswered > room.waiting.size();
    const LogId log = owed ? LogId{room.slug, room.epoch} : LogId{};
    resolve_acks(room);                  // may forget the room
    if (owed) publisher_->collect(log);  // what was just read back is known to be kept
}

void Core::resolve_acks(CoreRoom& room) {
    // finish_publish may forget the room when the last ack is answered: take what is due out first.
    std::vector<CoreRoom::Waiting> due;
    while (!room.waiting.empty() && room.waiting.front().seq <= room.position) {
        due.push_back(room.waiting.front());
        room.waiting.pop_front();
    }
    std::vector<Seq> firsts;
    firsts.reserve(due.size());
    for (const auto& waiting : due) firsts.push_back(room.first_of(waiting.seq));
    const auto now = Clock::now();
    for (std::size_t i = 0; i < due.size(); ++i) finish_publish(due[i].ticket, firsts[i], now);
}

void Core::sweep() {
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        const auto now = Clock::now();
        std::vector<channel::AppendTicket> late;
        for (const auto& [ticket, pending] : pending_)
            if (pending.since + ack_deadline < now) late.push_back(ticket);
        for (const auto ticket : late) finish_publish(ticket, Errc::unknown_outcome);

        for (auto question = questions_.begin(); question != questions_.end();) {
            const auto next = std::next(question);
            if (question->second.deadline < now) answer_question(question, Error{Errc::unavailable, {}});
            question = next;
        }
        sweep_asides(now);
        caller_.sweep(now);
        sweep_rooms(now);
        publisher_->close_idle();
        sweep();
    });
}

void Core::sweep_rooms(Clock::time_point now) {
    std::erase_if(unsettled_, [this](const RoomSlug& slug) {
        const auto found = rooms_.find(slug);
        return found == rooms_.end() || found->second->settled();
    });
    std::vector<RoomSlug> stuck;
    for (const auto& slug : unsettled_) {
        CoreRoom& room = *rooms_.find(slug)->second;
        if (room.pending && room.pending->since + request_deadline < now) unsubscribe(room.pending);
        if (!room.open() && room.opening_since + request_deadline < now) {
            stuck.push_back(slug);
        } else if (!room.active && !room.pending) {
            subscribe(room);
        }
    }
    for (const auto& slug : stuck)
        refuse_opening(slug, Error{Errc::unavailable, workers_->any() ? "the room could not be opened in time"
                                                                      : "no worker can be reached"});
}

}  // namespace roomcast::edge
