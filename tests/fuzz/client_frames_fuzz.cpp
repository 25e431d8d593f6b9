// What clients say. The first byte says whether the session is in exactly one room; the rest is the frame. A
// frame that was taken, said anew in its long form, is taken for the same.

#include <nlohmann/json.hpp>

#include "shared/core/utf8.hpp"
#include "shared/wire/client_frames.hpp"
#include "shared/wire/plain_message.hpp"
#include "shared/wire/server_frames.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::wire {
namespace {

using fuzz::require;
using nlohmann::json;

void add_id(json& frame, const std::string& id) {
    if (!id.empty()) frame["id"] = id;
}

struct ToJson {
    json operator()(const Join& join) const {
        require(join.last >= 0 && join.last <= limits::history_page_messages, "last is within its bounds");
        json frame{{"type", "join"}, {"room", join.room.str()}, {"last", join.last}};
        add_id(frame, join.id);
        if (join.resume) {
            require(join.resume->since.value >= -1, "since is a seq");
            require(Epoch::parse(join.resume->epoch.str()).has_value(), "epoch is an epoch");
            frame["since"] = join.resume->since.value;
            frame["epoch"] = join.resume->epoch.str();
        }
        return frame;
    }
    json operator()(const Leave& leave) const {
        json frame{{"type", "leave"}, {"room", leave.room.str()}};
        add_id(frame, leave.id);
        return frame;
    }
    json operator()(const SendMessage& message) const {
        require(message.text.size() <= limits::message_text_bytes, "the text is no longer than a message's");
        require(valid_utf8(message.text), "the text is UTF-8");
        require(MessageId::parse(message.id.str()).has_value(), "the id is an id");
        return {{"type", "message"},
                {"room", message.room.str()},
                {"id", message.id.str()},
                {"text", message.text}};
    }
    json operator()(const Typing& typing) const {
        json frame{{"type", "typing"}, {"room", typing.room.str()}, {"typing", typing.typing}};
        add_id(frame, typing.id);
        return frame;
    }
    json operator()(const ReadHistory& history) const {
        require(history.limit >= 1 && history.limit <= limits::history_page_messages,
                "limit is within its bounds");
        json frame{{"type", "history"}, {"room", history.room.str()}, {"limit", history.limit}};
        add_id(frame, history.id);
        if (history.kind == ReadHistory::Kind::before) frame["before"] = history.seq.value;
        if (history.kind == ReadHistory::Kind::after) frame["after"] = history.seq.value;
        if (history.kind == ReadHistory::Kind::from_time) frame["from_time"] = format_rfc3339(history.time);
        return frame;
    }
    json operator()(const AskMembers& ask) const {
        json frame{{"type", "members"}, {"room", ask.room.str()}};
        add_id(frame, ask.id);
        return frame;
    }
    json operator()(const Signal& signal) const {
        require(signal.data.size() <= limits::signal_data_bytes, "data is no larger than a signal's");
        json frame{{"type", "signal"}, {"room", signal.room.str()}, {"to", signal.to.str()}};
        frame["data"] = json::parse(signal.data);
        add_id(frame, signal.id);
        return frame;
    }
    json operator()(const Refresh& refresh) const { return {{"type", "refresh"}, {"token", refresh.token}}; }
};

void check_bad(const BadFrame& bad) {
    const json answer = json::parse(error_frame(bad.error, bad.id, bad.room), nullptr, false);
    require(answer.is_object(), "the answer to a bad frame is a JSON object");
    require(answer.value("id", "") == bad.id && answer.value("room", "") == bad.room,
            "it echoes what it can");
}

/// What is read without a JSON document is what is in one.
void check_plain(const std::string& text) {
    const auto plain = read_plain_message(text);
    if (!plain) return;
    const json document = json::parse(text, nullptr, false);
    require(document.is_object() && document.value("type", "") == "message", "a plain message is a message");
    require(document.value("room", "") == plain->room.str() && document.value("text", "") == plain->text &&
                document.value("id", plain->id.str()) == plain->id.str(),
            "it says what its JSON says");
}

void check(fuzz::Input input) {
    static const RoomSlug general = RoomSlug::trusted("general");
    const RoomSlug* const only = (input.byte() & 1) != 0 ? &general : nullptr;
    const std::string text = input.rest();
    check_plain(text);
    const auto parsed = parse_client_frame(text, only);
    if (const auto* const bad = std::get_if<BadFrame>(&parsed)) return check_bad(*bad);

    const auto& frame = std::get<ClientFrame>(parsed);
    const json long_form = std::visit(ToJson{}, frame);
    if (long_form.contains("room"))
        require(RoomSlug::parse(long_form.at("room").get<std::string>()).has_value(),
                "the room is a room's name");
    const auto again = parse_client_frame(long_form.dump(), nullptr);
    require(std::holds_alternative<ClientFrame>(again), "a frame that was taken is taken again");
    const auto& second = std::get<ClientFrame>(again);
    require(second.index() == frame.index(), "as a frame of the same type");
    require(std::visit(ToJson{}, second) == long_form, "that says the same");
}

}  // namespace
}  // namespace roomcast::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::wire::check({data, size});
    return 0;
}
