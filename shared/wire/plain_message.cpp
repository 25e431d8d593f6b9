#include "shared/wire/plain_message.hpp"

#include <array>
#include <utility>

#include "shared/core/utf8.hpp"
#include "shared/wire/flat_json.hpp"

namespace roomcast::wire {

std::optional<SendMessage> read_plain_message(std::string_view frame) {
    std::array<FlatField, 4> fields{
        {{"type", {}, false}, {"room", {}, false}, {"text", {}, false}, {"id", {}, false}}};
    if (!read_flat_json(frame, fields) || !valid_utf8(frame)) return std::nullopt;
    auto& [type, room, text, id] = fields;
    if (type.value != "message" || !room.found || !text.found) return std::nullopt;
    if (text.value.size() > limits::message_text_bytes) return std::nullopt;
    auto slug = RoomSlug::parse(room.value);
    if (!slug) return std::nullopt;
    auto message_id = id.found ? MessageId::parse(id.value) : make_message_id();
    if (!message_id) return std::nullopt;
    return SendMessage{std::move(*slug), std::move(*message_id), std::move(text.value)};
}

}  // namespace roomcast::wire
