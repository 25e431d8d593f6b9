#include "consumer/room_hub.hpp"

#include <algorithm>

#include "shared/core/limits.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::consumer {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto retry_after = std::chrono::milliseconds(200);
}  // namespace

RoomHub::RoomHub(boost::asio::io_context& io, RoomInfo info, HiddenSeqs hidden, channel::LogReader& reader,
                 Stats& stats, Owner& owner)
    : io_(io),
      info_(std::move(info)),
      log_(info_.log),
      hidden_(std::move(hidden)),
      reader_(reader),
      history_(reader),
      stats_(stats),
      owner_(owner),
      prefix_bytes_(wire::record_prefix(log_.room).size()),
      roster_(io,
              [this](const auto& make) {
                  tell_of_change();
                  tell_subscribers(make);
              }),
      last_use_(Clock::now()),
      retry_timer_(io),
      waiting_timer_(io),
      alive_(std::make_shared<bool>(true)) {
    tell_of_change();
    activate();
}

RoomHub::~RoomHub() {
    *alive_ = false;
    owner_.on_ended(*this);
}

void RoomHub::tell_of_change() {
    if (!std::exchange(told_of_change_, true)) owner_.on_changed(*this);
}

void RoomHub::retry(std::function<void()> step) {
    ++stats_.tail_restarts;
    retry_timer_.expires_after(retry_after);
    retry_timer_.async_wait([alive = alive_, step = std::move(step)](boost::system::error_code stopped) {
        if (!stopped && *alive) step();
    });
}

void RoomHub::activate() {
    reader_.bounds(log_, [this, alive = alive_](Result<channel::Bounds> bounds) {
        if (!*alive) return;
        if (!bounds) {
            if (bounds.error().code == Errc::room_gone) return owner_.on_lost(log_, bounds.error());
            return retry([this] { activate(); });
        }
        log_first_ = bounds->first;
        // The tail starts at once, so that its own start-up goes on while the window is read.
        early_.clear();
        tail_ = reader_.tail(log_, bounds->next, *this);
        load_window(bounds->next, limits::activation_read_records);
    });
}

void RoomHub::load_window(Seq next, std::int64_t look_back) {
    const Seq from = std::max(log_first_, Seq{next.value - look_back});
    read_window(from, next, look_back, std::make_shared<std::vector<channel::StoredRecord>>());
}

void RoomHub::read_window(Seq at, Seq next, std::int64_t look_back,
                          std::shared_ptr<std::vector<channel::StoredRecord>> read) {
    if (at >= next) {
        const Seq from = std::max(log_first_, Seq{next.value - look_back});
        const bool enough =
            from == log_first_ ||
            (!read->empty() && DedupeWindow::reaches_back(from, read->front().record.time, next, now_ms()));
        if (enough || look_back >= limits::dedupe_window_records) return become_ready(from, next, *read);
        return load_window(next, std::min(look_back * 8, limits::dedupe_window_records));
    }
    reader_.read(
        log_, {at, next, 4096, 4 * limits::history_page_bytes},
        [this, alive = alive_, next, look_back, read = std::move(read)](Result<channel::ReadResult> part) {
            if (!*alive) return;
            if (!part) {
                if (part.error().code == Errc::room_gone) return owner_.on_lost(log_, part.error());
                tail_.reset();
                return retry([this] { activate(); });
            }
            for (auto& stored : part->records) read->push_back(std::move(stored));
            read_window(part->next, next, look_back, read);
        });
}

void RoomHub::become_ready(Seq from, Seq next, const std::vector<channel::StoredRecord>& window) {
    ring_.reset(from.previous());
    window_ = DedupeWindow();
    for (const auto& stored : window)
        ring_.push(take(stored.seq, stored.record.time, stored.record.user.str(), stored.record.id.str(),
                        stored.record.value));
    position_ = next.previous();
    ready_ = true;
    tell_of_change();
    std::vector<link::Entry> entries;
    entries.reserve(early_.size());
    for (const auto& stored : early_)
        entries.push_back(take(stored.seq, stored.record.time, stored.record.user.str(),
                               stored.record.id.str(), stored.record.value));
    early_.clear();
    early_.shrink_to_fit();
    for (auto& subscriber : subscribers_) {
        if (subscriber.from_now) subscriber.after = position_;
        subscriber.from_now = false;
        greet(subscriber);
    }
    hand_out(entries);
    std::vector<std::pair<PeerId, link::SubId>> behind;
    for (const auto& subscriber : subscribers_)
        if (!subscriber.live) behind.emplace_back(subscriber.peer, subscriber.sub);
    for (const auto& [peer, sub] : behind) catch_up(peer, sub);
    serve_waiting();
    if (!tail_) resume_tail();  // it broke while the window was read
}

link::Entry RoomHub::take(Seq seq, TimeMs time, std::string_view user, std::string_view id,
                          std::string_view value) {
    const auto first = window_.admit(seq, time, user, id);
    link::Entry entry{
        seq, time, first.value_or(seq), {}, first ? Seq::none() : wire::deletes(value, prefix_bytes_)};
    if (entry.hides != Seq::none()) {
        // Here the directory may be a little behind the room's log.
        hide(std::make_shared<std::set<Seq>>(std::set<Seq>{entry.hides}));
    }
    if (first) {
        ++stats_.repeats_dropped;
    } else if (!hidden_ || !hidden_->contains(seq)) {
        entry.frame = wire::message_frame(value, prefix_bytes_, seq);
    }
    return entry;
}

void RoomHub::on_records(std::span<const channel::RecordView> records) {
    stats_.records_read += records.size();
    if (!ready_) {
        for (const auto& record : records)
            early_.push_back({record.seq, channel::Record{MessageId::trusted(std::string(record.id)),
                                                          UserName::trusted(std::string(record.user)),
                                                          record.time, std::string(record.value)}});
        return;
    }
    std::vector<link::Entry> entries;
    entries.reserve(records.size());
    for (const auto& record : records) {
        if (record.seq <= position_) continue;
        entries.push_back(take(record.seq, record.time, record.user, record.id, record.value));
        position_ = record.seq;
    }
    hand_out(entries);
    if (!waiting_.empty()) serve_waiting();
}

void RoomHub::hand_out(std::span<const link::Entry> entries) {
    if (entries.empty()) return;
    position_ = std::max(position_, entries.back().seq);
    records_ += entries.size();
    tell_of_change();
    for (auto& subscriber : subscribers_) {
        if (!subscriber.live) continue;
        auto begin = entries.begin();
        while (begin != entries.end() && begin->seq <= subscriber.after) ++begin;
        if (begin == entries.end()) continue;
        const std::span<const link::Entry> owed(begin, entries.end());
        subscriber.sink->deliver(subscriber.sub, owed);
        subscriber.after = owed.back().seq;
        stats_.entries_delivered += owed.size();
    }
    for (const auto& entry : entries) ring_.push(entry);
}

void RoomHub::on_tail_failed(Error error) {
    // Never destroy the tail from inside its own call.
    retry_timer_.expires_after(std::chrono::milliseconds(0));
    retry_timer_.async_wait([this, alive = alive_, error](boost::system::error_code stopped) {
        if (stopped || !*alive) return;
        tail_.reset();
        if (error.code == Errc::room_gone) return owner_.on_lost(log_, error);
        if (ready_) retry([this] { resume_tail(); });  // else become_ready does, from where the window ends
    });
}

void RoomHub::resume_tail() {
    reader_.bounds(log_, [this, alive = alive_](Result<channel::Bounds> bounds) {
        if (!*alive) return;
        if (!bounds) {
            if (bounds.error().code == Errc::room_gone) return owner_.on_lost(log_, bounds.error());
            return retry([this] { resume_tail(); });
        }
        log_first_ = bounds->first;
        const Seq wanted = position_.next();
        // Below the log's start, messages are lost; above its end, it is not the log that it was.
        if (wanted > bounds->next)
            return owner_.on_lost(log_, Error{Errc::unavailable, "the log is shorter than it was"});
        if (wanted < bounds->first) {
            refuse_all(Error{Errc::room_gone, "messages were lost before they could be read; join again"});
            subscribers_.clear();
            ready_ = false;
            tell_of_change();
            owner_.on_unused(*this);
            return activate();
        }
        tail_ = reader_.tail(log_, wanted, *this);
    });
}

RoomHub::Subscriber* RoomHub::find(PeerId peer, link::SubId sub) {
    const auto found = std::find_if(subscribers_.begin(), subscribers_.end(),
                                    [&](const Subscriber& s) { return s.peer == peer && s.sub == sub; });
    return found == subscribers_.end() ? nullptr : &*found;
}

void RoomHub::subscribe(PeerId peer, Peer& sink, link::SubId sub, std::optional<Seq> after) {
    last_use_ = Clock::now();
    ++stats_.subscribes;
    tell_of_change();
    const Seq from = after.value_or(position_);
    subscribers_.push_back(Subscriber{peer, &sink, sub, from, !after.has_value(), false});
    if (!ready_) return;
    subscribers_.back().from_now = false;
    greet(subscribers_.back());
    catch_up(peer, sub);
}

void RoomHub::unsubscribe(PeerId peer, link::SubId sub) {
    std::erase_if(subscribers_, [&](const Subscriber& s) { return s.peer == peer && s.sub == sub; });
    if (!wanted(peer)) roster_.drop_peer(peer);
    last_use_ = Clock::now();
    tell_of_change();
    if (!in_use()) owner_.on_unused(*this);
}

void RoomHub::drop_peer(PeerId peer) {
    std::erase_if(subscribers_, [&](const Subscriber& s) { return s.peer == peer; });
    roster_.drop_peer(peer);
    std::erase_if(waiting_, [&](const Waiting& w) { return w.peer == peer; });
    last_use_ = Clock::now();
    tell_of_change();
    if (!in_use()) owner_.on_unused(*this);
}

void RoomHub::greet(Subscriber& subscriber) {
    subscriber.sink->send(link::Subscribed{subscriber.sub, subscriber.after, info_});
    if (auto presence = roster_.snapshot(subscriber.sub)) subscriber.sink->send(std::move(*presence));
}

void RoomHub::tell_subscribers(const std::function<link::Event(link::SubId)>& make) {
    for (const auto& subscriber : subscribers_)
        if (subscriber.sink->owed_bytes() < limits::link_ephemeral_bytes)
            subscriber.sink->send(make(subscriber.sub));
}

void RoomHub::change(const RoomInfo& info) {
    if (info == info_) return;
    info_ = info;
    for (const auto& subscriber : subscribers_)
        subscriber.sink->send(link::RoomChanged{subscriber.sub, info_});
}

void RoomHub::hide(const HiddenSeqs& hidden) {
    if (!hidden) return;
    auto all = hidden_ ? std::make_shared<std::set<Seq>>(*hidden_) : std::make_shared<std::set<Seq>>();
    for (const Seq seq : *hidden)
        if (all->insert(seq).second) ring_.hide(seq);
    hidden_ = std::move(all);
}

void RoomHub::kick(const FoldedName& user) {
    for (const auto& subscriber : subscribers_) subscriber.sink->send(link::Kicked{subscriber.sub, user});
}

void RoomHub::send_signal(Peer& sink, const link::SendSignal& signal) {
    const auto peer = roster_.find(signal.to);
    const auto target = std::find_if(subscribers_.begin(), subscribers_.end(),
                                     [&](const Subscriber& s) { return peer && s.peer == *peer; });
    if (target == subscribers_.end())
        return sink.send(
            link::SignalRefused{signal.request, Error{Errc::not_found, "no such session in this room"}});
    target->sink->send(link::SignalSent{target->sub, signal.from, signal.to, signal.data});
}

void RoomHub::refuse_all(const Error& error) {
    for (const auto& subscriber : subscribers_) subscriber.sink->send(link::Refused{subscriber.sub, error});
    for (const auto& waiting : waiting_)
        waiting.sink->send(link::HistoryRefused{waiting.question.request, error});
    waiting_.clear();
}

void RoomHub::begin_live(Subscriber& subscriber) {
    const auto missed = ring_.above(subscriber.after);
    if (!missed.empty()) {
        subscriber.sink->deliver(subscriber.sub, missed);
        subscriber.after = missed.back().seq;
        stats_.entries_delivered += missed.size();
    }
    subscriber.live = true;
}

void RoomHub::catch_up(PeerId peer, link::SubId sub) {
    Subscriber* const subscriber = find(peer, sub);
    if (subscriber == nullptr || subscriber->live) return;
    if (subscriber->after >= ring_.floor()) return begin_live(*subscriber);
    HistoryQuery query;
    query.kind = link::ReadHistory::Kind::after;
    query.seq = subscriber->after;
    query.limit = limits::resume_page_messages;
    query.until = position_.next();
    query.with_repeats = true;
    query.hidden = hidden_;
    ++stats_.history_reads;
    history_.read(log_, query, [this, peer, sub](Result<HistoryResult> page) {
        Subscriber* const behind = find(peer, sub);
        if (behind == nullptr) return;
        if (!page) {
            behind->sink->send(link::Refused{sub, page.error()});
            return unsubscribe(peer, sub);
        }
        if (behind->after.next() < page->bounds.first) {
            behind->sink->send(
                link::Refused{sub, Error{Errc::room_gone, "retention has passed this position; join again"}});
            return unsubscribe(peer, sub);
        }
        if (!page->entries.empty()) behind->sink->deliver(sub, page->entries);
        stats_.entries_delivered += page->entries.size();
        behind->after = std::max(behind->after, page->covered);
        catch_up(peer, sub);
    });
}

}  // namespace roomcast::consumer
