#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/channel.hpp"
#include "shared/channel/room_table.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::channel {

/// Finds rooms by name and makes new ones, on the compacted directory log.
///
/// Lives on its io_context's thread. Slots are followed when they are kept (`keep`) or asked about. A
/// creation is answered once its record has been read back, with the winner of its name; who lost cleans up
/// after itself, and so does whoever else sees the loser. Requests fail with `unavailable` past
/// limits::channel_request_deadline_ms.
class RoomDirectory final : private TableSink {
public:
    /// Called when a room that was there is gone, or another incarnation has taken its name.
    using OnGone = std::function<void(const LogId&)>;
    /// Called with what a room is now, and when messages of it were deleted.
    using OnChanged = std::function<void(const RoomInfo&)>;
    using OnHidden = std::function<void(const LogId&)>;
    /// Makes of a room what it is to be, or refuses.
    using Edit = std::function<Result<RoomInfo>(const RoomInfo&)>;

    RoomDirectory(boost::asio::io_context& io, TableLog& table, LogAdmin& admin, ops::Log& log);
    ~RoomDirectory();

    void on_gone(OnGone callback) { on_gone_ = std::move(callback); }
    void on_changed(OnChanged callback) { on_changed_ = std::move(callback); }
    void on_hidden(OnHidden callback) { on_hidden_ = std::move(callback); }
    /// The slots to hold ready; others are let go some time after their last use.
    void keep(const std::vector<Slot>& slots);
    /// The room of that name. Without `create`, a missing one is `no_such_room`.
    void open(const RoomSlug& room, bool create, const Actor& creator, Callback<RoomInfo> done);
    /// Makes a room that is described; asked again for the same incarnation it is the same room. `name_taken`
    /// where another one has the name.
    void create(const RoomInfo& room, Callback<RoomInfo> done);
    /// Changes a room, one change after the other; answered once the record is read back.
    void change(const RoomSlug& room, Edit edit, Callback<RoomInfo> done);
    /// Takes a message out of a room's history. `busy` above limits::hidden_per_room.
    void hide(const LogId& log, Seq seq, Callback<void> done);
    /// Lets go of what is below `first`: retention has removed those messages.
    void forget_hidden(const LogId& log, Seq first);
    [[nodiscard]] HiddenSeqs hidden(const LogId& log) const;
    /// Rooms of these slots that `wanted` takes, by name, above `after`; one more than `limit` where there
    /// is.
    void list(std::vector<Slot> slots, std::string after, int limit,
              std::function<bool(const RoomInfo&)> wanted, Callback<std::vector<RoomInfo>> done);
    /// Ends an incarnation: its name is free afterwards. Removes its log too.
    void remove(const LogId& log, Callback<void> done);
    /// Whether all kept slots are read to their end.
    [[nodiscard]] bool current() const;

private:
    struct SlotState {
        SlotRooms rooms;
        std::unique_ptr<Following> following;
        bool is_current = false;
        std::chrono::steady_clock::time_point last_use;
    };
    using Deadline = std::chrono::steady_clock::time_point;
    struct Question {
        RoomSlug room;
        bool create;
        std::optional<RoomInfo> described;  // by `create`
        Actor creator;
        Callback<RoomInfo> done;
        Deadline deadline;
    };
    struct PendingChange {
        Edit edit;
        Callback<RoomInfo> done;
        Deadline deadline;
        std::optional<RoomInfo> awaited;  // was written, and is to be read back
        bool retention_changed = false;   // then the log is told
    };
    struct PendingHide {
        Callback<void> done;
        Deadline deadline;
    };
    struct PendingList {
        std::vector<Slot> slots;
        std::string after;
        int limit;
        std::function<bool(const RoomInfo&)> wanted;
        Callback<std::vector<RoomInfo>> done;
        Deadline deadline;
    };
    struct Creation {
        LogId log;
        bool recorded = false;  // the append is answered; what is left is to read it back
    };

    void on_table_record(const TableRecord& record) override;
    void on_slot_current(Slot slot) override;
    SlotState& use(Slot slot);
    void answer_all(const RoomSlug& room);
    void fail_all(const RoomSlug& room, const Error& error);
    void ask(Question question);
    void make(RoomInfo info);
    void change_next(const RoomSlug& room);
    void end_change(const RoomSlug& room, Result<RoomInfo> outcome);
    void answer_lists();
    void answer_hides(const std::string& key);
    void sweep_questions(Deadline now);
    void sweep_changes(Deadline now);
    [[nodiscard]] static Deadline deadline();
    void clean_up_loser(Slot slot, const LogId& loser);
    void sweep();

    boost::asio::io_context& io_;
    TableLog& table_;
    LogAdmin& admin_;
    ops::Log& log_;
    OnGone on_gone_;
    OnChanged on_changed_;
    OnHidden on_hidden_;
    std::map<Slot, std::unique_ptr<SlotState>> slots_;
    std::set<Slot> kept_;
    std::unordered_map<RoomSlug, std::vector<Question>> questions_;
    std::unordered_map<RoomSlug, Creation> creations_;
    std::unordered_map<RoomSlug, std::deque<PendingChange>> changes_;
    std::unordered_map<std::string, std::vector<PendingHide>> hides_;  // by the record's key
    std::vector<PendingList> lists_;
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::channel
