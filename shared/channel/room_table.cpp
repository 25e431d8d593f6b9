#include "shared/channel/room_table.hpp"

#include <algorithm>
#include <charconv>

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

std::string hidden_key(const LogId& log, Seq seq) { return room_key(log) + "/" + std::to_string(seq.value); }

std::optional<HiddenKey> parse_hidden_key(std::string_view key) {
    const auto slash = key.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto log = parse_room_key(key.substr(0, slash));
    if (!log) return std::nullopt;
    const auto number = key.substr(slash + 1);
    std::int64_t seq = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), seq);
    if (failed != std::errc() || end != number.data() + number.size() || seq < 0) return std::nullopt;
    return HiddenKey{*log, Seq{seq}};
}

std::string encode_room_record(const RoomRecord& record) {
    const RoomInfo& info = record.info;
    json value;
    value["slug"] = info.log.room.str();
    value["epoch"] = info.log.epoch.str();
    value["owner"] = info.owner.user.str();
    value["created"] = format_rfc3339(info.created);
    if (info.owner.has_account()) value["owner_account"] = info.owner.account;
    if (!info.title.empty()) value["title"] = info.title;
    if (info.is_private()) value["password_hash"] = info.password_hash;
    if (info.password_version > 0) value["password_version"] = info.password_version;
    if (info.retention_ms) value["retention_ms"] = *info.retention_ms;
    if (info.revision > 0) value["revision"] = info.revision;
    for (const auto& user : info.banned) value["banned"].push_back(user.str());
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
    const auto number = [&](const char* name) -> std::optional<std::int64_t> {
        const auto found = parsed.find(name);
        if (found == parsed.end() || !found->is_number_integer()) return std::nullopt;
        return found->get<std::int64_t>();
    };
    auto room = RoomSlug::parse(text("slug"));
    auto epoch = Epoch::parse(text("epoch"));
    if (!room || !epoch) return std::nullopt;
    RoomRecord record;
    RoomInfo& info = record.info;
    info.log = LogId{*room, *epoch};
    if (auto owner = UserName::parse(text("owner"))) info.owner.user = *owner;
    info.owner.account = text("owner_account");
    info.created = parse_rfc3339(text("created")).value_or(0);
    info.title = text("title");
    info.password_hash = text("password_hash");
    info.password_version = static_cast<std::uint32_t>(number("password_version").value_or(0));
    info.retention_ms = number("retention_ms");
    info.revision = static_cast<std::uint32_t>(number("revision").value_or(0));
    if (const auto banned = parsed.find("banned"); banned != parsed.end() && banned->is_array())
        for (const auto& user : *banned)
            if (user.is_string())
                if (auto name = FoldedName::parse(user.get<std::string>()))
                    info.banned.push_back(std::move(*name));
    if (const auto created_at = number("created_at")) record.created_at = Seq{*created_at};
    return record;
}

SlotRooms::Change SlotRooms::apply(Seq seq, std::string_view key, std::optional<std::string_view> value) {
    Change change;
    if (const auto hidden = parse_hidden_key(key)) {
        apply_hidden(*hidden, value.has_value());
        if (value) change.hidden = *hidden;
        return change;
    }
    const auto log = parse_room_key(key);
    if (!log) return change;
    std::optional<RoomRecord> record;
    if (value) {
        record = decode_room_record(*value);
        if (!record || record->info.log != *log) return change;
    } else {
        hidden_.erase(*log);
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
    if (record && after == *log) change.changed = living.front().info;
    if (living.empty()) living_.erase(log->room);
    if (before && before != after) change.gone = before;
    if (record && after != *log) change.loser = log;
    // Compaction moved the older creation's record behind this one: the older creation wins all the same.
    if (record && after == *log && before && before != after) change.loser = before;
    return change;
}

void SlotRooms::apply_hidden(const HiddenKey& key, bool hidden) {
    // Kept also before the room's own record is met: compaction may have put that one behind.
    auto& held = hidden_[key.log];
    auto next = held ? std::make_shared<std::set<Seq>>(*held) : std::make_shared<std::set<Seq>>();
    if (hidden) {
        next->insert(key.seq);
    } else {
        next->erase(key.seq);
    }
    held = std::move(next);
    if (held->empty()) hidden_.erase(key.log);
}

HiddenSeqs SlotRooms::hidden(const LogId& log) const {
    const auto held = hidden_.find(log);
    return held == hidden_.end() ? nullptr : held->second;
}

Seq SlotRooms::created_at(const RoomSlug& room) const {
    const auto held = living_.find(room);
    return held == living_.end() ? Seq::none() : held->second.front().created_at;
}

void SlotRooms::each(const std::string& after, const std::function<bool(const RoomInfo&)>& visit) const {
    auto at = living_.upper_bound(RoomSlug::trusted(after));
    while (at != living_.end() && visit(at->second.front().info)) ++at;
}

const RoomInfo* SlotRooms::find(const RoomSlug& room) const {
    const auto held = living_.find(room);
    return held == living_.end() ? nullptr : &held->second.front().info;
}

}  // namespace roomcast::channel
