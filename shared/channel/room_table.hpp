#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/room_info.hpp"

namespace roomcast::channel {

/// The directory's record of a room, as JSON. `created_at` is the seq of the creation record; an update
/// carries it, so that order is judged by it also after compaction.
struct RoomRecord {
    RoomInfo info;
    std::optional<Seq> created_at;
};
[[nodiscard]] std::string room_key(const LogId& log);  // "<slug>/<epoch>"
[[nodiscard]] std::optional<LogId> parse_room_key(std::string_view key);
/// A message that was deleted has a record of its own: "<slug>/<epoch>/<seq>".
struct HiddenKey {
    LogId log;
    Seq seq;
};
[[nodiscard]] std::string hidden_key(const LogId& log, Seq seq);
[[nodiscard]] std::optional<HiddenKey> parse_hidden_key(std::string_view key);
[[nodiscard]] std::string encode_room_record(const RoomRecord& record);
[[nodiscard]] std::optional<RoomRecord> decode_room_record(std::string_view value);

/// The rooms of one slot, as the order of its log decides: of several creations of one name the first one
/// that is not deleted wins. So the last record of each key decides, and every reader of the slot sees the
/// same winner, before and after compaction. Pure: records in, winner out.
class SlotRooms {
public:
    struct Change {
        std::optional<LogId> gone;        // was the winner and is no longer
        std::optional<LogId> loser;       // lost its name to another; to be cleaned up
        std::optional<RoomInfo> changed;  // the winner's record is new
        std::optional<HiddenKey> hidden;  // a message was deleted
    };
    /// Takes the slot's next record. Records that are not ours are ignored.
    Change apply(Seq seq, std::string_view key, std::optional<std::string_view> value);
    [[nodiscard]] const RoomInfo* find(const RoomSlug& room) const;
    [[nodiscard]] Seq created_at(const RoomSlug& room) const;
    /// Messages of that incarnation that were deleted; null where there are none.
    [[nodiscard]] HiddenSeqs hidden(const LogId& log) const;
    [[nodiscard]] std::size_t size() const { return living_.size(); }
    /// Winners by name, above `after`, until `visit` answers false.
    void each(const std::string& after, const std::function<bool(const RoomInfo&)>& visit) const;

private:
    struct Incarnation {
        RoomInfo info;
        Seq created_at;
    };
    void apply_hidden(const HiddenKey& key, bool hidden);

    std::map<RoomSlug, std::vector<Incarnation>> living_;  // by creation: the first one has the name
    std::unordered_map<LogId, std::shared_ptr<std::set<Seq>>> hidden_;
};

}  // namespace roomcast::channel
