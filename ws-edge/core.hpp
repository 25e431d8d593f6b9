#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "producer/publisher.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/metrics.hpp"
#include "ws-edge/caller.hpp"
#include "ws-edge/core_room.hpp"
#include "ws-edge/desk.hpp"
#include "ws-edge/messages.hpp"
#include "ws-edge/nick_holds.hpp"
#include "ws-edge/traffic_limits.hpp"
#include "ws-edge/workers.hpp"

namespace roomcast::edge {

/// What the core counts, as plain numbers of its one thread.
struct CoreStats {
    std::uint64_t published = 0;
    std::uint64_t acked = 0;
    std::uint64_t refused = 0;
    std::uint64_t unknown = 0;
    std::uint64_t entries_in = 0;
    std::uint64_t resubscribes = 0;
};

/// The edge's middle: which rooms its shards want, where each is read, and which messages wait for their ack.
///
/// Lives on its io_context's thread (the core thread). A room is subscribed at one worker at a time; when
/// that worker goes, or the slot moves, it is subscribed at the next one from the last seq handed to the
/// shards, so nothing is missed and nothing comes twice. A message is acked when the log has it and it has
/// been read back up to there, so that the ack of a repeat carries the seq of its first.
class Core final : public WorkersListener, public channel::AppendListener {
public:
    using PostToShard = std::function<void(ShardIndex, std::vector<ShardEvent>)>;

    Core(boost::asio::io_context& io, ShardIndex shards, PostToShard post, const ops::RateSettings& rates,
         ops::Log& log);
    ~Core();

    /// Before the first command. All must outlive the core.
    void use(Workers& workers, producer::Publisher& publisher, Desk& desk);

    void on_commands(ShardIndex shard, std::vector<CoreCommand> commands);

    void on_worker_event(const NodeId& worker, link::Event event) override;
    void on_worker_lost(const NodeId& worker) override;
    void on_routes_changed() override;
    void on_appended(channel::AppendTicket ticket, Seq seq) override;
    void on_append_failed(channel::AppendTicket ticket, Error error) override;

    // For the desk.
    [[nodiscard]] Caller& caller() { return caller_; }
    [[nodiscard]] TrafficLimits& limits() { return limits_; }
    /// Opens a room that exists for one question; `leave` comes after it, if it was opened.
    void visit(const RoomSlug& room, CoreRoom::Visit done);
    void leave(const RoomSlug& room);
    /// Asks about the past of a room that is being visited.
    void read(const RoomSlug& room, link::ReadHistory question,
              std::function<void(Result<link::HistoryPage>)> done);
    /// Appends to a room that is being visited; answers with the seq under which all see it.
    void append(const LogId& log, channel::Record record, std::function<void(Result<Seq>)> done);
    void tell(ShardIndex shard, ShardEvent event);
    void tell_all(const ShardEvent& event);
    /// The public rooms of all workers, merged; see link::ListRooms.
    void list_rooms(const std::string& after, const std::string& query, int limit,
                    const std::function<void(Result<link::RoomPage>)>& done);

    /// Posts what shards are to be told now rather than at the end of this turn.
    void flush();
    /// Messages that are not answered yet.
    [[nodiscard]] std::size_t unanswered() const { return pending_.size(); }
    [[nodiscard]] std::size_t rooms() const { return rooms_.size(); }
    /// Rooms that are looked after until somebody reads them.
    [[nodiscard]] std::size_t unsettled_rooms() const { return unsettled_.size(); }
    [[nodiscard]] const CoreStats& stats() const { return stats_; }
    /// Latencies of acks since the last call.
    [[nodiscard]] ops::LocalHistogram take_ack_latencies() { return std::exchange(ack_s_, {}); }

private:
    struct Question {
        RoomSlug room;
        ShardIndex shard;
        SessionKey session;
        std::uint64_t ticket;
        link::ReadHistory question;
        std::chrono::steady_clock::time_point deadline;
        bool asked = false;
        std::function<void(Result<link::HistoryPage>)> done;  // instead of a session
    };
    struct Pending {
        std::shared_ptr<CoreRoom> room;  // as it was then: see room_of
        ShardIndex shard;
        SessionKey session;
        MessageId id;
        std::chrono::steady_clock::time_point since;
        std::function<void(Result<Seq>)> done;  // instead of a session
    };
    /// A signal or a list of members that was asked for: what else its answer needs.
    struct Aside {
        RoomSlug room;
        ShardIndex shard;
        SessionKey session;
        std::string id;
        std::chrono::steady_clock::time_point deadline;
        bool answered_always;  // members; a signal is answered only when it fails
    };
    using SubKey = std::pair<NodeId, std::uint32_t>;

    void handle(ShardIndex shard, OpenRoom& command);
    void handle(ShardIndex shard, CloseRoom& command);
    void handle(ShardIndex shard, AskPage& command);
    void handle(ShardIndex shard, Publish& command);

    void handle(ShardIndex shard, PeopleChanged& command);
    void handle(ShardIndex shard, TellTyping& command);
    void handle(ShardIndex shard, TellSignal& command);
    void handle(ShardIndex shard, ListMembers& command);
    void handle(ShardIndex shard, CheckPassword& command);
    void handle(ShardIndex shard, NickInUse& command);
    void handle(ShardIndex shard, TakeTicket& command);
    void handle(ShardIndex shard, HttpTask& command);

    void handle(const NodeId& worker, link::Presence& event);
    void handle(const NodeId& worker, link::TypingSaid& event);
    void handle(const NodeId& worker, link::SignalSent& event);
    void handle(const NodeId& worker, link::SignalRefused& event);
    void handle(const NodeId& worker, link::MembersPage& event);
    void handle(const NodeId& worker, link::RoomChanged& event);
    void handle(const NodeId& worker, link::Kicked& event);
    void handle(const NodeId& worker, link::Returned& event);
    void end_visits(CoreRoom& room, const Result<std::shared_ptr<const RoomInfo>>& outcome);
    void take_info(CoreRoom& room, RoomInfo info);
    void answer_question(std::map<std::uint64_t, Question>::iterator question,
                         Result<link::HistoryPage> page);
    void register_people(const CoreRoom& room);
    void sweep_asides(std::chrono::steady_clock::time_point now);

    void handle(const NodeId& worker, link::Subscribed& event);
    void handle(const NodeId& worker, link::Refused& event);
    void handle(const NodeId& worker, link::Messages& event);
    void handle(const NodeId& worker, link::HistoryPage& event);
    void handle(const NodeId& worker, link::HistoryRefused& event);
    void handle(const NodeId& worker, link::Draining& event);

    void subscribe(CoreRoom& room);
    void unsubscribe(std::optional<CoreRoom::Subscription>& subscription);
    void forget_if_unused(const RoomSlug& slug);
    void close_room(const RoomSlug& slug, const Error& error);
    void refuse_opening(const RoomSlug& slug, const Error& error);
    void take_entries(CoreRoom& room, std::vector<link::Entry> entries);
    void resolve_acks(CoreRoom& room);
    void ask_questions(CoreRoom& room);
    void finish_publish(channel::AppendTicket ticket, Result<Seq> outcome) {
        finish_publish(ticket, std::move(outcome), std::chrono::steady_clock::now());
    }
    void finish_publish(channel::AppendTicket ticket, Result<Seq> outcome,
                        std::chrono::steady_clock::time_point now);
    void sweep();
    void sweep_rooms(std::chrono::steady_clock::time_point now);
    CoreRoom* room_of(const NodeId& worker, link::SubId sub);
    std::shared_ptr<CoreRoom> room_of(const LogId& log);
    /// The room that reads what the message went to: the one that it was said in or, where that is gone, the
    /// one that was opened since with the same log.
    std::shared_ptr<CoreRoom> room_of(const Pending& pending);

    boost::asio::io_context& io_;
    PostToShard post_;
    ops::Log& log_;
    Workers* workers_ = nullptr;
    producer::Publisher* publisher_ = nullptr;
    Desk* desk_ = nullptr;
    Caller caller_;
    NickHolds nicks_;
    TrafficLimits limits_;
    CoreStats stats_;
    ops::LocalHistogram ack_s_;
    std::unordered_map<RoomSlug, std::shared_ptr<CoreRoom>> rooms_;
    std::set<RoomSlug> unsettled_;  // all that are not settled, and some that the sweep will leave out
    std::map<SubKey, RoomSlug> subs_;
    std::map<std::uint64_t, Question> questions_;
    std::map<std::uint64_t, Aside> asides_;
    std::unordered_map<channel::AppendTicket, Pending> pending_;
    std::vector<std::vector<ShardEvent>> outgoing_;
    std::vector<std::size_t> expected_;  // events for each shard: as many as in the turn before
    bool flush_scheduled_ = false;
    std::uint32_t next_sub_ = 1;
    std::uint64_t next_request_ = 1;
    channel::AppendTicket next_ticket_ = 1;
    std::chrono::steady_clock::time_point turn_began_;  // of the shard's commands that are being handled
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::edge
