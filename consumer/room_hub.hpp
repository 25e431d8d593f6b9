#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consumer/dedupe_window.hpp"
#include "consumer/history_reader.hpp"
#include "consumer/message_ring.hpp"
#include "consumer/peer.hpp"
#include "consumer/roster.hpp"
#include "consumer/stats.hpp"
#include "shared/channel/channel.hpp"

namespace roomcast::consumer {

/// One active room of a worker: reads its log once and hands every record to the edges that subscribed.
///
/// Owned by Service, lives on the consumer's thread. Becomes active by reading back far enough to know
/// repeats and to answer joins; requests that come earlier wait. An edge that subscribed from an older
/// position is caught up from the log, page by page, then from the ring, then live. A log that is lost ends
/// the hub through its owner.
class RoomHub final : private channel::TailSink {
public:
    /// Told, within the hub's calls, so that nobody has to look through all hubs for it.
    class Owner {
    public:
        /// To be ended, but not within this call.
        virtual void on_lost(const LogId& log, const Error& why) = 0;
        /// For the first time since its figures were looked at.
        virtual void on_changed(RoomHub& hub) = 0;
        /// The last subscriber left.
        virtual void on_unused(RoomHub& hub) = 0;
        virtual void on_ended(RoomHub& hub) = 0;

    protected:
        ~Owner() = default;
    };

    RoomHub(boost::asio::io_context& io, RoomInfo info, HiddenSeqs hidden, channel::LogReader& reader,
            Stats& stats, Owner& owner);
    ~RoomHub();
    RoomHub(const RoomHub&) = delete;
    RoomHub& operator=(const RoomHub&) = delete;

    [[nodiscard]] const LogId& log() const { return log_; }
    [[nodiscard]] const RoomInfo& info() const { return info_; }
    /// The owner has changed something.
    void change(const RoomInfo& info);
    /// Messages that were deleted, as the directory knows.
    void hide(const HiddenSeqs& hidden);
    void kick(const FoldedName& user);
    [[nodiscard]] std::uint32_t people() const { return static_cast<std::uint32_t>(roster_.size()); }
    void subscribe(PeerId peer, Peer& sink, link::SubId sub, std::optional<Seq> after);
    void unsubscribe(PeerId peer, link::SubId sub);
    void drop_peer(PeerId peer);
    void read(PeerId peer, Peer& sink, const link::ReadHistory& question);
    // What is not in the log.
    void change_roster(PeerId peer, const link::RosterChange& change) {
        roster_.change(peer, change);
        tell_of_change();
    }
    void say_typing(const link::Person& who, bool typing) { roster_.say_typing(who, typing); }
    void send_signal(Peer& sink, const link::SendSignal& signal);
    void list_members(Peer& sink, link::RequestId request) const { sink.send(roster_.page(request)); }

    /// Tells every subscriber that its subscription is over.
    void refuse_all(const Error& error);

    /// What operators are shown of a room.
    struct Figures {
        std::size_t members = 0;
        std::size_t edges = 0;
        std::uint64_t records = 0;  // handed out since this hub was made
        Seq last;
        std::int64_t behind = 0;  // records of the log that are not read yet
    };
    [[nodiscard]] Figures look() {
        told_of_change_ = false;
        return {roster_.size(), subscribers_.size(), records_, position_, tail_ ? tail_->behind() : 0};
    }

    [[nodiscard]] bool in_use() const { return !subscribers_.empty(); }
    [[nodiscard]] bool idle_since(std::chrono::steady_clock::time_point moment) const {
        return !in_use() && waiting_.empty() && last_use_ <= moment;
    }

private:
    struct Subscriber {
        PeerId peer;
        Peer* sink;
        link::SubId sub;
        Seq after;              // everything up to here has been sent
        bool from_now = false;  // subscribed before the hub was ready: `after` is not known yet
        bool live = false;
    };
    struct Waiting {
        PeerId peer;
        Peer* sink;
        link::ReadHistory question;
        Seq at_least;
        std::chrono::steady_clock::time_point deadline;
    };

    void on_records(std::span<const channel::RecordView> records) override;
    void on_tail_failed(Error error) override;

    void activate();
    void load_window(Seq next, std::int64_t look_back);
    void read_window(Seq at, Seq next, std::int64_t look_back,
                     std::shared_ptr<std::vector<channel::StoredRecord>> read);
    void become_ready(Seq from, Seq next, const std::vector<channel::StoredRecord>& window);
    link::Entry take(Seq seq, TimeMs time, std::string_view user, std::string_view id,
                     std::string_view value);
    void hand_out(std::span<const link::Entry> entries);
    void retry(std::function<void()> step);
    void resume_tail();
    void tell_of_change();

    void tell_subscribers(const std::function<link::Event(link::SubId)>& make);
    void greet(Subscriber& subscriber);
    Subscriber* find(PeerId peer, link::SubId sub);
    void catch_up(PeerId peer, link::SubId sub);
    void begin_live(Subscriber& subscriber);

    void answer(PeerId peer, Peer& sink, const link::ReadHistory& question);
    bool answer_from_ring(Peer& sink, const link::ReadHistory& question);
    void answer_from_log(PeerId peer, Peer& sink, const link::ReadHistory& question);
    void answer_future(PeerId peer, Peer& sink, const link::ReadHistory& question);
    void send_page(Peer& sink, link::RequestId request, std::vector<link::Entry> entries, Seq covered,
                   bool more);
    void serve_waiting();
    [[nodiscard]] bool wanted(PeerId peer) const;

    boost::asio::io_context& io_;
    RoomInfo info_;
    LogId log_;
    HiddenSeqs hidden_;
    channel::LogReader& reader_;
    HistoryReader history_;
    Stats& stats_;
    Owner& owner_;
    bool told_of_change_ = false;
    std::size_t prefix_bytes_;

    bool ready_ = false;
    Seq position_;  // the last seq read
    std::uint64_t records_ = 0;
    Seq log_first_;  // the oldest seq that the log was last seen to hold
    DedupeWindow window_;
    MessageRing ring_;
    std::unique_ptr<channel::Tail> tail_;
    std::vector<channel::StoredRecord> early_;  // what the tail gave before the window was loaded
    std::vector<Subscriber> subscribers_;
    std::vector<Waiting> waiting_;
    Roster roster_;
    std::chrono::steady_clock::time_point last_use_;
    boost::asio::steady_timer retry_timer_;
    boost::asio::steady_timer waiting_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
