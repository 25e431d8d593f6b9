#include "shared/wire/server_frames.hpp"

#include <array>
#include <charconv>

#include "shared/wire/json_text.hpp"

namespace roomcast::wire {
namespace {

constexpr std::string_view deletes_key = R"("deletes":)";
constexpr std::string_view record_head = R"({"type":"message","room":")";

void append_array(std::string& out, const std::vector<std::string_view>& items) {
    out += '[';
    bool first = true;
    for (const auto item : items) {
        if (!first) out += ',';
        first = false;
        out += item;
    }
    out += ']';
}

void append_people(std::string& out, std::string_view name, const std::vector<Person>& people) {
    out += ",\"";
    out += name;
    out += "\":[";
    bool first = true;
    for (const auto& person : people) {
        if (!first) out += ',';
        first = false;
        out += R"({"session":")";
        out += person.session;
        out += R"(","user":")";
        append_escaped(out, person.user);
        out += "\"}";
    }
    out += ']';
}

void append_description(std::string& out, std::string_view title, std::string_view owner, bool is_private) {
    if (!title.empty()) out += ",\"title\":" + quoted(title);
    if (!owner.empty()) out += ",\"owner\":" + quoted(owner);
    if (is_private) out += ",\"private\":true";
}

std::size_t size_of(const std::vector<std::string_view>& items) {
    std::size_t bytes = 0;
    for (const auto item : items) bytes += item.size() + 1;
    return bytes;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    while (true) {
        const auto plain = plain_bytes(text);
        out.append(text.substr(0, plain));
        if (plain == text.size()) return;
        const auto c = static_cast<unsigned char>(text[plain]);
        text.remove_prefix(plain + 1);
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += digits[c >> 4];
                out += digits[c & 15];
        }
    }
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    append_escaped(out, text);
    out += '"';
    return out;
}

std::string record_prefix(const RoomSlug& room) {
    std::string prefix(record_head);
    prefix += room.str();
    prefix += "\",";
    return prefix;
}

std::string message_record(const RoomSlug& room, const MessageId& id, const UserName& user,
                           std::string_view text, TimeMs time) {
    std::string out;
    out.reserve(text.size() + 160);
    out += record_head;
    out += room.str();
    out += R"(","id":")";
    append_escaped(out, id.str());
    out += R"(","user":")";
    append_escaped(out, user.str());
    out += R"(","text":")";
    append_escaped(out, text);
    out += R"(","time":")";
    out += format_rfc3339(time);
    out += "\"}";
    return out;
}

std::string deletion_record(const RoomSlug& room, const MessageId& id, const UserName& user, Seq deleted,
                            TimeMs time) {
    std::string out = message_record(room, id, user, {}, time);
    out.insert(record_prefix(room).size(), std::string(deletes_key) + std::to_string(deleted.value) + ',');
    return out;
}

Seq deletes(std::string_view record, std::size_t prefix_bytes) {
    if (record.size() <= prefix_bytes) return Seq::none();
    record.remove_prefix(prefix_bytes);
    if (!record.starts_with(deletes_key)) return Seq::none();
    record.remove_prefix(deletes_key.size());
    std::int64_t seq = -1;
    std::from_chars(record.data(), record.data() + record.size(), seq);
    return Seq{seq};
}

std::string message_frame(std::string_view record, std::size_t prefix_bytes, Seq seq) {
    std::string out;
    out.reserve(record.size() + 28);
    out += record.substr(0, prefix_bytes);
    out += "\"seq\":";
    out += std::to_string(seq.value);
    out += ',';
    out += record.substr(prefix_bytes);
    return out;
}

std::string welcome_frame(const SessionId& session, const UserName& user, const NodeId& node,
                          int heartbeat_s) {
    return R"({"type":"welcome","session":")" + session.str() + R"(","user":)" + quoted(user.str()) +
           R"(,"node":")" + node.str() + R"(","heartbeat_s":)" + std::to_string(heartbeat_s) + "}";
}

std::string_view name_of(NotRecovered reason) {
    switch (reason) {
        case NotRecovered::epoch_changed:
            return "epoch_changed";
        case NotRecovered::retention:
            return "retention";
        case NotRecovered::future_seq:
            return "future_seq";
    }
    return "";
}

std::string joined_frame(const Joined& joined, const std::vector<std::string_view>& messages) {
    std::string out;
    out.reserve(size_of(messages) + 256);
    out += R"({"type":"joined",)";
    if (!joined.id.empty()) out += "\"id\":" + quoted(joined.id) + ',';
    out += R"("room":")" + joined.room.str() + R"(","epoch":")" + joined.epoch.str() + '"';
    if (joined.recovered) out += *joined.recovered ? R"(,"recovered":true)" : R"(,"recovered":false)";
    if (joined.reason) {
        out += R"(,"reason":")";
        out += name_of(*joined.reason);
        out += '"';
    }
    out += R"(,"first":)" + std::to_string(joined.first.value) + R"(,"last":)" +
           std::to_string(joined.last.value);
    append_description(out, joined.title, joined.owner, joined.is_private);
    if (joined.members) out += R"(,"members":)" + std::to_string(*joined.members);
    out += R"(,"messages":)";
    append_array(out, messages);
    out += '}';
    return out;
}

std::string room_frame(const RoomSlug& room, std::string_view title, std::string_view owner,
                       bool is_private) {
    std::string out = R"({"type":"room","room":")" + room.str() + R"(","title":)" + quoted(title) +
                      R"(,"owner":)" + quoted(owner);
    out += is_private ? R"(,"private":true})" : R"(,"private":false})";
    return out;
}

std::string left_frame(const RoomSlug& room, std::string_view id, std::string_view reason) {
    std::string out = R"({"type":"left","room":")" + room.str() + '"';
    if (!id.empty()) out += R"(,"id":)" + quoted(id);
    if (!reason.empty()) out += R"(,"reason":)" + quoted(reason);
    return out + "}";
}

std::string ack_frame(const RoomSlug& room, const MessageId& id, Seq seq) {
    std::string out;
    out.reserve(96 + room.str().size() + id.str().size());
    out += R"({"type":"ack","id":")";
    append_escaped(out, id.str());
    out += R"(","room":")";
    out += room.str();
    out += R"(","seq":)";
    out += std::to_string(seq.value);
    out += '}';
    return out;
}

std::string history_frame(const RoomSlug& room, std::string_view id,
                          const std::vector<std::string_view>& messages, bool more) {
    std::string out;
    out.reserve(size_of(messages) + 160);
    out += R"({"type":"history",)";
    if (!id.empty()) out += "\"id\":" + quoted(id) + ',';
    out += R"("room":")" + room.str() + R"(","messages":)";
    append_array(out, messages);
    out += more ? R"(,"more":true})" : R"(,"more":false})";
    return out;
}

std::string history_body(const LogId& log, const std::vector<std::string_view>& messages, bool more) {
    std::string out;
    out.reserve(size_of(messages) + 160);
    out += R"({"room":")" + log.room.str() + R"(","epoch":")" + log.epoch.str() + R"(","messages":)";
    append_array(out, messages);
    out += more ? R"(,"more":true})" : R"(,"more":false})";
    return out;
}

std::string presence_frame(const RoomSlug& room, const std::vector<Person>& joined,
                           const std::vector<Person>& left, std::uint32_t count) {
    std::string out = R"({"type":"presence","room":")" + room.str() + '"';
    append_people(out, "joined", joined);
    append_people(out, "left", left);
    out += R"(,"count":)" + std::to_string(count) + '}';
    return out;
}

std::string members_frame(const RoomSlug& room, std::string_view id, const std::vector<Person>& members,
                          std::uint32_t count) {
    std::string out = R"({"type":"members","room":")" + room.str() + '"';
    if (!id.empty()) out += ",\"id\":" + quoted(id);
    append_people(out, "members", members);
    out += R"(,"count":)" + std::to_string(count) + '}';
    return out;
}

std::string typing_frame(const RoomSlug& room, const UserName& user, bool typing) {
    return R"({"type":"typing","room":")" + room.str() + R"(","user":)" + quoted(user.str()) +
           (typing ? R"(,"typing":true})" : R"(,"typing":false})");
}

std::string signal_frame(const RoomSlug& room, const SessionId& from, const UserName& user,
                         std::string_view data) {
    std::string out = R"({"type":"signal","room":")" + room.str() + R"(","from":")" + from.str() +
                      R"(","user":)" + quoted(user.str()) + R"(,"data":)";
    out += data;
    return out + "}";
}

std::string refreshed_frame(TimeMs expires) {
    return R"({"type":"refreshed","expires":")" + format_rfc3339(expires) + "\"}";
}

std::string error_frame(const Error& error, std::string_view id, std::string_view room) {
    std::string out = R"({"type":"error","code":")";
    out += roomcast::name_of(error.code);
    out += R"(","message":)";
    out += quoted(error.detail.empty() ? text_of(error.code) : std::string_view(error.detail));
    if (!id.empty()) out += ",\"id\":" + quoted(id);
    if (!room.empty()) out += ",\"room\":" + quoted(room);
    if (const auto wait = retry_after_ms(error)) out += ",\"retry_after_ms\":" + std::to_string(*wait);
    return out + "}";
}

}  // namespace roomcast::wire
