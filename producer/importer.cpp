#include "producer/importer.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>

#include "shared/core/time.hpp"

namespace roomcast::producer {

Importer::Importer(boost::asio::io_context& io, ImportLimits limits, Callbacks callbacks)
    : io_(io), limits_(limits), callbacks_(std::move(callbacks)), resume_timer_(io) {}

void Importer::reject(std::uint64_t line, std::string_view why) {
    ++counts_.failed;
    callbacks_.failed(line, why);
}

void Importer::take(InputLine line) {
    if (stopping_) return;
    ImportRoom& room = room_of(line);
    if (room.refused) return reject(line.number, why(*room.refused));
    ++held_lines_;
    held_bytes_ += line.record.value.size();
    room.waiting.push_back({.line = line.number, .record = std::move(line.record)});
    send(room);
}

ImportRoom& Importer::room_of(const InputLine& line) {
    auto& room = rooms_[line.room];
    if (!room) {
        room = std::make_unique<ImportRoom>();
        room->slug = line.room;
        room->creator = line.record.user;
        to_open_.push_back(room.get());
        open_rooms();
    }
    return *room;
}

void Importer::open_rooms() {
    while (!to_open_.empty() && opening_ < limits_.rooms_opened_at_once && !stopping_) {
        ImportRoom& room = *to_open_.front();
        to_open_.pop_front();
        ++opening_;
        ++room.open_tries;
        callbacks_.open(room.slug, room.creator, [this, &room](Result<LogId> log) {
            --opening_;
            opened(room, std::move(log));
            open_rooms();
        });
    }
}

void Importer::opened(ImportRoom& room, Result<LogId> log) {
    if (log) {
        room.log = std::move(*log);
        send(room);
    } else if (retryable(log.error().code) && room.open_tries < limits_.tries && !stopping_) {
        resume_later(room);
    } else {
        refuse(room, log.error());
    }
}

void Importer::refuse(ImportRoom& room, const Error& error) {
    room.refused = error;
    for (const ImportItem& item : std::exchange(room.waiting, {})) fail(item, why(error));
}

void Importer::send(ImportRoom& room) {
    while (!room.waiting.empty() && room.log && room.failed.empty() && !room.resting && !room.stalled &&
           room.in_flight < limits_.in_flight_per_room && !stopping_) {
        if (free_tickets_.empty()) {
            free_tickets_.push_back(flights_.size());
            flights_.emplace_back();
        }
        const channel::AppendTicket ticket = free_tickets_.back();
        auto queued = publisher_->publish(*room.log, room.waiting.front().record, ticket);
        if (!queued && queued.error().code == Errc::busy) {
            stall(room);
            // Outcomes make room again; where there are none to come, time has to.
            if (free_tickets_.size() == flights_.size()) resume_later(room);
            return;
        }
        free_tickets_.pop_back();
        Flight& flight = flights_[ticket];
        flight.room = &room;
        flight.item = std::move(room.waiting.front());
        room.waiting.pop_front();
        ++room.in_flight;
        if (flight.item.tries++ == 0) ++counts_.sent;
        if (!queued) on_append_failed(ticket, queued.error());
    }
}

Importer::Flight Importer::land(channel::AppendTicket ticket) {
    free_tickets_.push_back(ticket);
    Flight flight = std::move(flights_[ticket]);
    --flight.room->in_flight;
    return flight;
}

void Importer::on_appended(channel::AppendTicket ticket, Seq /*seq*/) {
    const Flight flight = land(ticket);
    ImportRoom& room = *flight.room;
    ++counts_.acked;
    room.last_kept_line = std::max(room.last_kept_line, flight.item.line);
    let_go(flight.item);
    if (room.in_flight == 0 && !room.failed.empty()) settle(room);
    send(room);
}

void Importer::on_append_failed(channel::AppendTicket ticket, Error error) {
    Flight flight = land(ticket);
    ImportRoom& room = *flight.room;
    if (error.code == Errc::unknown_outcome) flight.item.maybe_kept = true;
    if (retryable(error.code)) {
        room.failed.push_back({std::move(flight.item), std::move(error)});
    } else {
        fail(flight.item, why(error));
        if (error.code == Errc::room_gone) refuse(room, error);
    }
    if (room.in_flight == 0 && !room.failed.empty()) settle(room);
    stall(room);  // not `send`: that may be who called
}

void Importer::stall(ImportRoom& room) {
    if (std::exchange(room.stalled, true)) return;
    stalled_.push_back(&room);
}

void Importer::settle(ImportRoom& room) {
    const int most_tries = stopping_ || room.refused ? 0 : limits_.tries;
    auto plan = plan_retries(std::exchange(room.failed, {}), room.last_kept_line, most_tries,
                             limits_.unknown_age_ms, now_ms());
    for (const auto& [item, why_not] : plan.given_up) fail(item, why_not);
    if (plan.again.empty()) return;
    room.waiting.insert(room.waiting.begin(), std::make_move_iterator(plan.again.begin()),
                        std::make_move_iterator(plan.again.end()));
    resume_later(room);
}

void Importer::fail(const ImportItem& item, std::string_view why_not) {
    reject(item.line, why_not);
    let_go(item);
}

void Importer::let_go(const ImportItem& item) {
    --held_lines_;
    held_bytes_ -= item.record.value.size();
    if (settled_posted_) return;
    settled_posted_ = true;
    boost::asio::post(io_, [this] {  // once for all the outcomes of a turn
        settled_posted_ = false;
        for (ImportRoom* const room : std::exchange(stalled_, {})) {
            room->stalled = false;
            send(*room);
        }
        callbacks_.settled();
    });
}

void Importer::resume_later(ImportRoom& room) {
    room.resting = true;
    resting_.push_back(&room);
    if (resting_.size() > 1) return;
    resume_timer_.expires_after(limits_.retry_pause);
    resume_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) resume_all();
    });
}

void Importer::resume_all() {
    for (ImportRoom* const room : std::exchange(resting_, {})) {
        room->resting = false;
        if (!room->log && !room->refused) to_open_.push_back(room);
        if (std::exchange(room->stalled, false)) std::erase(stalled_, room);
        send(*room);
    }
    open_rooms();
}

void Importer::stop() {
    stopping_ = true;
    for (const auto& entry : rooms_) {
        for (const ImportItem& item : std::exchange(entry.second->waiting, {})) {
            if (item.tries == 0) {
                let_go(item);  // was never sent: it is not counted
            } else {
                fail(item,
                     item.maybe_kept ? "stopped: it is not known whether it was sent" : "stopped: not sent");
            }
        }
    }
}

}  // namespace roomcast::producer
