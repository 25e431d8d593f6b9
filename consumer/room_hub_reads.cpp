// The half of RoomHub that answers questions about a room's past.
#include <algorithm>

#include "consumer/room_hub.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {
using Clock = std::chrono::steady_clock;
using Kind = link::ReadHistory::Kind;
}  // namespace

void RoomHub::read(PeerId peer, Peer& sink, const link::ReadHistory& question) {
    last_use_ = Clock::now();
    if (ready_ && position_ >= question.at_least) return answer(peer, sink, question);
    waiting_.push_back(
        Waiting{peer, &sink, question, question.at_least,
                Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms)});
    if (waiting_.size() == 1) serve_waiting();
}

void RoomHub::serve_waiting() {
    const auto now = Clock::now();
    std::vector<Waiting> due;
    std::erase_if(waiting_, [&](const Waiting& waiting) {
        const bool answerable = ready_ && position_ >= waiting.at_least;
        if (!answerable && waiting.deadline > now) return false;
        due.push_back(waiting);
        return true;
    });
    for (const auto& waiting : due) {
        if (ready_ && position_ >= waiting.at_least) {
            answer(waiting.peer, *waiting.sink, waiting.question);
        } else {
            waiting.sink->send(link::HistoryRefused{waiting.question.request,
                                                    Error{Errc::unavailable, "the log is out of reach"}});
        }
    }
    if (waiting_.empty()) return;
    waiting_timer_.expires_at(
        std::min_element(waiting_.begin(), waiting_.end(), [](const Waiting& a, const Waiting& b) {
            return a.deadline < b.deadline;
        })->deadline);
    waiting_timer_.async_wait([this, alive = alive_](boost::system::error_code stopped) {
        if (!stopped && *alive) serve_waiting();
    });
}

void RoomHub::send_page(Peer& sink, link::RequestId request, std::vector<link::Entry> entries, Seq covered,
                        bool more) {
    sink.send(link::HistoryPage{request, std::move(entries), covered, more, log_first_, position_});
}

void RoomHub::answer(PeerId peer, Peer& sink, const link::ReadHistory& question) {
    if (question.kind == Kind::after && question.seq > position_) return answer_future(peer, sink, question);
    if (answer_from_ring(sink, question)) {
        ++stats_.history_from_ring;
        return;
    }
    ++stats_.history_reads;
    answer_from_log(peer, sink, question);
}

bool RoomHub::answer_from_ring(Peer& sink, const link::ReadHistory& question) {
    std::vector<link::Entry> found;
    switch (question.kind) {
        case Kind::latest:
        case Kind::before: {
            const Seq before =
                question.kind == Kind::before ? std::min(question.seq, position_.next()) : position_.next();
            if (question.limit > 0 && !ring_.newest(before, question.limit, log_first_, found)) return false;
            const bool more = question.limit > 0 && !found.empty() && found.front().seq > log_first_;
            send_page(sink, question.request, std::move(found),
                      question.kind == Kind::latest ? position_ : before.previous(), more);
            return true;
        }
        case Kind::after: {
            if (question.seq < ring_.floor()) return false;
            Seq covered = position_;
            bool more = false;
            for (const auto& entry : ring_.entries()) {
                if (entry.seq <= question.seq || !entry.shown()) continue;
                if (static_cast<int>(found.size()) == question.limit) {
                    covered = entry.seq.previous();
                    more = true;
                    break;
                }
                found.push_back(entry);
            }
            send_page(sink, question.request, std::move(found), covered, more);
            return true;
        }
        case Kind::from_time:
            return false;
    }
    return false;
}

void RoomHub::answer_from_log(PeerId peer, Peer& sink, const link::ReadHistory& question) {
    HistoryQuery query;
    query.kind = question.kind;
    query.seq = question.seq;
    query.time = question.time;
    query.limit = std::max(1, question.limit);
    query.until = position_.next();
    query.hidden = hidden_;
    history_.read(log_, query, [this, peer, &sink, request = question.request](Result<HistoryResult> page) {
        if (!wanted(peer)) return;
        if (!page) {
            sink.send(link::HistoryRefused{request, page.error()});
            if (page.error().code == Errc::room_gone) owner_.on_lost(log_, page.error());
            return;
        }
        log_first_ = std::max(log_first_, page->bounds.first);
        send_page(sink, request, std::move(page->entries), page->covered, page->more);
    });
}

void RoomHub::answer_future(PeerId peer, Peer& sink, const link::ReadHistory& question) {
    // Another worker may have read on before us: ask the log itself whether that seq is there yet.
    reader_.bounds(log_, [this, alive = alive_, peer, &sink, question](Result<channel::Bounds> bounds) {
        if (!*alive || !wanted(peer)) return;
        if (!bounds) {
            sink.send(link::HistoryRefused{question.request, bounds.error()});
        } else if (question.seq < bounds->next) {
            link::ReadHistory later = question;
            later.at_least = question.seq;
            read(peer, sink, later);
        } else {
            send_page(sink, question.request, {}, position_, false);
        }
    });
}

bool RoomHub::wanted(PeerId peer) const {
    return std::any_of(subscribers_.begin(), subscribers_.end(),
                       [&](const Subscriber& s) { return s.peer == peer; });
}

}  // namespace roomcast::consumer
