#include "shared/wire/client_frames.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "shared/wire/plain_message.hpp"

namespace roomcast::wire {
namespace {

using nlohmann::json;

/// Thrown inside this file only, and caught at its one way out.
struct Refusal {
    Error error;
};
[[noreturn]] void refuse(Errc code, std::string detail) { throw Refusal{{code, std::move(detail)}}; }

json parse_bounded(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) refuse(Errc::bad_frame, "the frame begins with a byte order mark");
    bool too_deep = false;
    json value = json::parse(
        text.begin(), text.end(),
        [&](int depth, json::parse_event_t, json&) {
            if (static_cast<std::size_t>(depth) <= limits::json_depth) return true;
            too_deep = true;
            return false;
        },
        false);
    if (value.is_discarded()) refuse(Errc::bad_frame, "the frame is not JSON");
    if (too_deep) refuse(Errc::bad_frame, "the frame nests too deeply");
    if (!value.is_object()) refuse(Errc::bad_frame, "the frame is not a JSON object");
    return value;
}

const json* find(const json& frame, const char* name) {
    const auto found = frame.find(name);
    return found == frame.end() ? nullptr : &*found;
}

std::string string_of(const json& frame, const char* name) {
    const json* const value = find(frame, name);
    if (value == nullptr) refuse(Errc::bad_frame, std::string("\"") + name + "\" is missing");
    if (!value->is_string()) refuse(Errc::bad_frame, std::string("\"") + name + "\" is not a string");
    return value->get<std::string>();
}

std::optional<std::int64_t> integer_of(const json& frame, const char* name) {
    const json* const value = find(frame, name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_integer())
        refuse(Errc::bad_frame, std::string("\"") + name + "\" is not a whole number");
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        refuse(Errc::bad_frame, std::string("\"") + name + "\" is out of range");
    return value->get<std::int64_t>();
}

bool boolean_of(const json& frame, const char* name) {
    const json* const value = find(frame, name);
    if (value == nullptr || !value->is_boolean())
        refuse(Errc::bad_frame, std::string("\"") + name + "\" is not true or false");
    return value->get<bool>();
}

RoomSlug room_of(const json& frame, const RoomSlug* only_room) {
    if (only_room != nullptr && find(frame, "room") == nullptr) return *only_room;
    auto room = RoomSlug::parse(string_of(frame, "room"));
    if (!room) refuse(Errc::bad_room, {});
    return *room;
}

Seq seq_of(std::int64_t value, const char* name) {
    if (value < -1) refuse(Errc::bad_frame, std::string("\"") + name + "\" is below -1");
    return Seq{value};
}

/// The id of a question, to be echoed; empty where none was given.
std::string question_id_of(const json& frame) {
    if (find(frame, "id") == nullptr) return {};
    std::string id = string_of(frame, "id");
    if (!MessageId::parse(id)) refuse(Errc::bad_id, {});
    return id;
}

Join parse_join(const json& frame) {
    Join join;
    join.room = room_of(frame, nullptr);
    join.id = question_id_of(frame);
    if (const auto since = integer_of(frame, "since")) {
        auto epoch = Epoch::parse(string_of(frame, "epoch"));
        if (!epoch) refuse(Errc::bad_frame, "\"epoch\" is not an epoch");
        join.resume = ResumeFrom{*epoch, seq_of(*since, "since")};
    }
    if (find(frame, "epoch") != nullptr && !join.resume)
        refuse(Errc::bad_frame, "\"epoch\" comes with \"since\"");
    if (find(frame, "password") != nullptr) {
        join.password = string_of(frame, "password");
        if (join.password->size() > limits::room_password_input_bytes)
            refuse(Errc::bad_frame, "\"password\" is longer than a password may be");
    }
    if (const auto last = integer_of(frame, "last")) {
        if (*last < 0) refuse(Errc::bad_frame, "\"last\" is below 0");
        join.last = clamp_history(*last);
    }
    return join;
}

SendMessage parse_message(const json& frame, const RoomSlug* only_room) {
    SendMessage message;
    message.room = room_of(frame, only_room);
    message.text = string_of(frame, "text");
    if (message.text.size() > limits::message_text_bytes) refuse(Errc::text_too_long, {});
    if (find(frame, "id") == nullptr) {
        message.id = make_message_id();
        return message;
    }
    auto id = MessageId::parse(string_of(frame, "id"));
    if (!id) refuse(Errc::bad_id, {});
    message.id = *id;
    return message;
}

ReadHistory parse_history(const json& frame) {
    ReadHistory history;
    history.room = room_of(frame, nullptr);
    history.id = question_id_of(frame);
    const auto before = integer_of(frame, "before");
    const auto after = integer_of(frame, "after");
    const bool timed = find(frame, "from_time") != nullptr;
    if (int{before.has_value()} + int{after.has_value()} + int{timed} > 1)
        refuse(Errc::bad_frame, "only one of \"before\", \"after\" and \"from_time\" at a time");
    if (before) {
        history.kind = ReadHistory::Kind::before;
        history.seq = seq_of(*before, "before");
    } else if (after) {
        history.kind = ReadHistory::Kind::after;
        history.seq = seq_of(*after, "after");
    } else if (timed) {
        const auto time = parse_rfc3339(string_of(frame, "from_time"));
        if (!time) refuse(Errc::bad_frame, "\"from_time\" is not an RFC 3339 time");
        history.kind = ReadHistory::Kind::from_time;
        history.time = *time;
    }
    if (const auto limit = integer_of(frame, "limit")) {
        if (*limit < 1) refuse(Errc::bad_frame, "\"limit\" is below 1");
        history.limit = clamp_history(*limit);
    }
    return history;
}

Signal parse_signal(const json& frame) {
    Signal signal;
    signal.room = room_of(frame, nullptr);
    signal.id = question_id_of(frame);
    const auto to = SessionId::parse(string_of(frame, "to"));
    if (!to) refuse(Errc::bad_frame, "\"to\" is not a session");
    signal.to = *to;
    const json* const data = find(frame, "data");
    if (data == nullptr) refuse(Errc::bad_frame, "\"data\" is missing");
    signal.data = data->dump();
    if (signal.data.size() > limits::signal_data_bytes)
        refuse(Errc::too_large, "\"data\" is larger than a signal may be");
    return signal;
}

/// A frame without a type, on a socket that joined exactly one room.
ClientFrame parse_short(const json& frame, const RoomSlug* only_room) {
    const bool text = find(frame, "text") != nullptr;
    const bool typing = find(frame, "typing") != nullptr;
    if (!text && !typing) refuse(Errc::bad_frame, "\"type\" is missing");
    if (only_room == nullptr)
        refuse(Errc::bad_frame,
               "the short form is for a socket that joined exactly one room; say \"type\" and \"room\"");
    if (text) return parse_message(frame, only_room);
    return Typing{*only_room, boolean_of(frame, "typing"), question_id_of(frame)};
}

ClientFrame parse_frame(const json& frame, const RoomSlug* only_room) {
    if (find(frame, "type") == nullptr) return parse_short(frame, only_room);
    const std::string type = string_of(frame, "type");
    if (type == "message") return parse_message(frame, nullptr);
    if (type == "join") return parse_join(frame);
    if (type == "leave") return Leave{room_of(frame, nullptr), question_id_of(frame)};
    if (type == "typing")
        return Typing{room_of(frame, nullptr), boolean_of(frame, "typing"), question_id_of(frame)};
    if (type == "history") return parse_history(frame);
    if (type == "members") return AskMembers{room_of(frame, nullptr), question_id_of(frame)};
    if (type == "signal") return parse_signal(frame);
    if (type == "refresh") return Refresh{string_of(frame, "token")};
    refuse(Errc::unknown_type, {});
}

/// What can be echoed of a field: a short string, or nothing.
std::string echo(const json& frame, const char* name) {
    if (!frame.is_object()) return {};
    const json* const value = find(frame, name);
    if (value == nullptr || !value->is_string()) return {};
    auto text = value->get<std::string>();
    return text.size() <= limits::room_slug_bytes ? text : std::string{};
}

}  // namespace

int clamp_history(std::int64_t asked) {
    return static_cast<int>(std::clamp<std::int64_t>(asked, 0, limits::history_page_messages));
}

ParsedFrame parse_client_frame(std::string_view text, const RoomSlug* only_room) {
    if (auto plain = read_plain_message(text)) return ClientFrame{std::move(*plain)};
    json frame;
    try {
        frame = parse_bounded(text);
        return parse_frame(frame, only_room);
    } catch (Refusal& refusal) {
        return BadFrame{std::move(refusal.error), echo(frame, "id"), echo(frame, "room")};
    }
}

}  // namespace roomcast::wire
