#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/sqlite/jobs.hpp"

namespace roomcast::channel::sqlite {

/// Who follows the table, by slot: to the table what Tails is to the logs, with the same states and the same
/// care about what sinks may do while they are called. Part of the Frontend, on the owner's thread.
class Followings {
public:
    explicit Followings(bool fed) : fed_(fed) {}

    [[nodiscard]] TablePageJob add(Slot slot, TableSink& sink);
    void end(FollowingId following);
    void clear();

    /// Shows a newly committed record to those who are at the end of its slot.
    void feed(const TableRecord& record);
    /// Shows a page; the job to ask for next, if the following still runs and is not at the end.
    /// After a page that failed it waits to be told to read on.
    [[nodiscard]] std::optional<TablePageJob> show(const TablePageJob& page);
    /// The jobs with which waiting followings read on.
    [[nodiscard]] std::vector<TablePageJob> read_on();

private:
    enum class State { reading, waiting, live };
    struct Entry {
        Slot slot;
        Seq next;
        TableSink* sink;
        State state;
        bool was_current;
    };

    bool fed_;
    FollowingId last_id_ = 0;
    std::unordered_map<FollowingId, Entry> entries_;
    std::unordered_map<std::uint16_t, std::vector<FollowingId>> by_slot_;
};

}  // namespace roomcast::channel::sqlite
