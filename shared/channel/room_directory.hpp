#pragma once

#include <chrono>
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

    RoomDirectory(boost::asio::io_context& io, TableLog& table, LogAdmin& admin, ops::Log& log);
    ~RoomDirectory();

    void on_gone(OnGone callback) { on_gone_ = std::move(callback); }
    /// The slots to hold ready; others are let go some time after their last use.
    void keep(const std::vector<Slot>& slots);
    /// The room of that name. Without `create`, a missing one is `no_such_room`.
    void open(const RoomSlug& room, bool create, const UserName& creator, Callback<RoomInfo> done);
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
    struct Question {
        RoomSlug room;
        bool create;
        UserName creator;
        Callback<RoomInfo> done;
        std::chrono::steady_clock::time_point deadline;
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
    void create(const RoomSlug& room, const UserName& creator);
    void clean_up_loser(Slot slot, const LogId& loser);
    void sweep();

    boost::asio::io_context& io_;
    TableLog& table_;
    LogAdmin& admin_;
    ops::Log& log_;
    OnGone on_gone_;
    std::map<Slot, std::unique_ptr<SlotState>> slots_;
    std::set<Slot> kept_;
    std::unordered_map<RoomSlug, std::vector<Question>> questions_;
    std::unordered_map<RoomSlug, Creation> creations_;
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::channel
