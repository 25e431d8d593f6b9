#include "producer/input_line.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "producer/publisher.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::producer {
namespace {

using nlohmann::json;

/// The fields of a line, in this order.
enum Place : std::size_t { room_place, user_place, text_place, id_place };
using Fields = std::array<wire::FlatField, 4>;

Error not_a_string(std::string_view field) {
    return {Errc::bad_frame, '"' + std::string(field) + "\" is missing or not a string"};
}

/// The long way, for whatever is not a flat object of strings.
std::optional<Error> read_any_json(std::string_view text, Fields& fields) {
    json line = json::parse(text.begin(), text.end(), nullptr, false);
    if (line.is_discarded()) return Error{Errc::bad_frame, "not JSON"};
    if (!line.is_object()) return Error{Errc::bad_frame, "not a JSON object"};
    for (auto& [name, value, found] : fields) {
        const auto field = line.find(std::string(name));
        found = field != line.end() && !field->is_null();
        if (found && !field->is_string()) return not_a_string(name);
        if (found) value = std::move(field->get_ref<std::string&>());
    }
    return std::nullopt;
}

}  // namespace

std::string why(const Error& error) {
    return error.detail.empty() ? std::string(text_of(error.code)) : error.detail;
}

LineParser::LineParser(std::string run)
    : run_(std::move(run)),
      fields_{{{"room", {}, false}, {"user", {}, false}, {"text", {}, false}, {"id", {}, false}}} {}

Result<InputLine> LineParser::parse(std::string_view text, std::uint64_t number) {
    for (wire::FlatField& field : fields_) field.found = false;
    if (!wire::read_flat_json(text, fields_)) {
        if (auto error = read_any_json(text, fields_)) return std::move(*error);
    }
    for (const Place place : {room_place, user_place, text_place})
        if (!fields_[place].found) return not_a_string(fields_[place].name);
    auto room = RoomSlug::parse(fields_[room_place].value);
    if (!room) return Errc::bad_room;
    auto user = UserName::parse(fields_[user_place].value);
    if (!user) return Errc::bad_nick;
    auto id = MessageId::parse(fields_[id_place].found ? fields_[id_place].value
                                                       : run_ + '-' + std::to_string(number));
    if (!id) return Errc::bad_id;
    auto record = make_record(*room, std::move(*id), std::move(*user), fields_[text_place].value, now_ms());
    if (!record) return record.error();
    return InputLine{number, std::move(*room), std::move(*record)};
}

}  // namespace roomcast::producer
