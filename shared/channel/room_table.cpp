#include "shared/channel/room_table.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace roomcast::channel {
using nlohmann::json;

std::string room_key(const LogId& log) { return log.room.str() + "/" + log.epoch.str(); }

std::optional<LogId> parse_room_key(std::string_view key) {
    const auto slash = key.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto room = RoomSlug::parse(key.substr(0, slash));
    auto epoch = Epoch::parse(key.substr(slash + 1));
    if (!room || !epoch) return std::nullopt;
    return LogId{*room, *epoch};
}

std::string encode_room_record(const RoomRecord& record) {
    json value;
    value["slug"] = record.info.log.room.str();
    value["epoch"] = record.info.log.epoch.str();
    value["owner"] = record.info.owner.str();
    value["created"] = format_rfc3339(record.info.created);
    if (record.created_at) value["created_at"] = record.created_at->value;
    return value.dump();
}

std::optional<RoomRecord> decode_room_record(std::string_view value) {
    const json parsed = json::parse(value, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    const auto text = [&](const char* name) {
        const auto found = parsed.find(name);
        return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    auto room = RoomSlug::parse(text("slug"));
    auto epoch = Epoch::parse(text("epoch"));
    if (!room || !epoch) return std::nullopt;
    RoomRecord record;
    record.info.log = LogId{*room, *epoch};
    if (auto owner = UserName::parse(text("owner"))) record.info.owner = *owner;
    record.info.created = parse_rfc3339(text("created")).value_or(0);
    const auto created_at = parsed.find("created_at");
    if (created_at != parsed.end() && created_at->is_number_integer())
        record.created_at = Seq{created_at->get<std::int64_t>()};
    return record;
}

SlotRooms::Change SlotRooms::apply(Seq seq, std::string_view key, std::optional<std::string_view> value) {
    Change change;
    const auto log = parse_room_key(key);
    if (!log) return change;
    std::optional<RoomRecord> record;
    if (value) {
        record = decode_room_record(*value);
        if (!record || record->info.log != *log) return change;
    }
    auto& living = living_[log->room];
    const auto before = living.empty() ? std::nullopt : std::optional<LogId>(living.front().info.log);
    std::erase_if(living, [&](const Incarnation& one) { return one.info.log == *log; });
    if (record) {
        Incarnation one{std::move(record->info), record->created_at.value_or(seq)};
        const auto behind = std::find_if(living.begin(), living.end(), [&](const Incarnation& other) {
            return one.created_at < other.created_at;
        });
        living.insert(behind, std::move(one));
    }
    const auto after = living.empty() ? std::nullopt : std::optional<LogId>(living.front().info.log);
    if (living.empty()) living_.erase(log->room);
    if (before && before != after) change.gone = before;
    if (record && after != *log) change.loser = log;
    // Compaction moved the older creation's record behind this one: the older creation wins all the same.
    if (record && after == *log && before && before != after) change.loser = before;
    return change;
}

const RoomInfo* SlotRooms::find(const RoomSlug& room) const {
    const auto held = living_.find(room);
    return held == living_.end() ? nullptr : &held->second.front().info;
}

}  // namespace roomcast::channel
