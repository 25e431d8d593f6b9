#include "shared/wire/plain_message.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "shared/core/utf8.hpp"

namespace roomcast::wire {
namespace {

/// Goes through a frame from its start. Each step says whether the frame goes on as asked.
class Scanner {
public:
    explicit Scanner(std::string_view frame) : left_(frame) {}

    [[nodiscard]] bool take(char wanted) {
        skip_space();
        if (left_.empty() || left_.front() != wanted) return false;
        left_.remove_prefix(1);
        return true;
    }

    [[nodiscard]] bool take_string(std::string_view& into) {
        if (!take('"')) return false;
        std::size_t end = 0;
        for (; end < left_.size() && left_[end] != '"'; ++end) {
            const auto byte = static_cast<unsigned char>(left_[end]);
            if (byte < ' ' || byte == '\\') return false;
        }
        if (end == left_.size()) return false;
        into = left_.substr(0, end);
        left_.remove_prefix(end + 1);
        return true;
    }

    [[nodiscard]] bool at_end() {
        skip_space();
        return left_.empty();
    }

private:
    void skip_space() { left_.remove_prefix(std::min(left_.find_first_not_of(" \t\r\n"), left_.size())); }

    std::string_view left_;
};

struct Field {
    std::string_view name;
    std::optional<std::string_view> value;
};
/// In the order of the names in `fields_of`.
using Fields = std::array<Field, 4>;

bool take_field(Scanner& frame, Fields& fields) {
    std::string_view name;
    std::string_view value;
    if (!frame.take_string(name) || !frame.take(':') || !frame.take_string(value)) return false;
    for (auto& field : fields) {
        if (field.name != name) continue;
        if (field.value) return false;
        field.value = value;
        return true;
    }
    return false;
}

std::optional<Fields> fields_of(std::string_view text) {
    Fields fields{{{"type", {}}, {"room", {}}, {"text", {}}, {"id", {}}}};
    Scanner frame(text);
    if (!frame.take('{')) return std::nullopt;
    do {
        if (!take_field(frame, fields)) return std::nullopt;
    } while (frame.take(','));
    if (!frame.take('}') || !frame.at_end()) return std::nullopt;
    return fields;
}

}  // namespace

std::optional<SendMessage> read_plain_message(std::string_view frame) {
    const auto fields = fields_of(frame);
    if (!fields) return std::nullopt;
    const auto& [type, room, text, id] = *fields;
    if (type.value != "message" || !room.value || !text.value) return std::nullopt;
    if (text.value->size() > limits::message_text_bytes || !valid_utf8(*text.value)) return std::nullopt;
    auto slug = RoomSlug::parse(std::string(*room.value));
    if (!slug) return std::nullopt;
    auto message_id = id.value ? MessageId::parse(std::string(*id.value)) : make_message_id();
    if (!message_id) return std::nullopt;
    return SendMessage{std::move(*slug), std::move(*message_id), std::string(*text.value)};
}

}  // namespace roomcast::wire
