#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::channel {

/// What the directory knows of a room's incarnation.
struct RoomInfo {
    LogId log;
    UserName owner;
    TimeMs created = 0;
};

/// The directory's record of a room: `{"slug","epoch","owner","created"[,"created_at"]}`. `created_at` is the
/// seq of the creation record; an update carries it, so that order is judged by it also after compaction.
struct RoomRecord {
    RoomInfo info;
    std::optional<Seq> created_at;
};
[[nodiscard]] std::string room_key(const LogId& log);  // "<slug>/<epoch>"
[[nodiscard]] std::optional<LogId> parse_room_key(std::string_view key);
[[nodiscard]] std::string encode_room_record(const RoomRecord& record);
[[nodiscard]] std::optional<RoomRecord> decode_room_record(std::string_view value);

/// The rooms of one slot, as the order of its log decides: of several creations of one name the first one
/// that is not deleted wins. So the last record of each key decides, and every reader of the slot sees the
/// same winner, before and after compaction. Pure: records in, winner out.
class SlotRooms {
public:
    struct Change {
        std::optional<LogId> gone;   // was the winner and is no longer
        std::optional<LogId> loser;  // lost its name to another; to be cleaned up
    };
    /// Takes the slot's next record. Records that are not ours are ignored.
    Change apply(Seq seq, std::string_view key, std::optional<std::string_view> value);
    [[nodiscard]] const RoomInfo* find(const RoomSlug& room) const;
    [[nodiscard]] std::size_t size() const { return living_.size(); }

private:
    struct Incarnation {
        RoomInfo info;
        Seq created_at;
    };
    std::unordered_map<RoomSlug, std::vector<Incarnation>>
        living_;  // by creation: the first one has the name
};

}  // namespace roomcast::channel
