#include "shared/wire/flat_json.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "shared/wire/json_text.hpp"

namespace roomcast::wire {
namespace {

constexpr std::string_view spaces = " \t\r\n";
constexpr char delete_character = 0x7F;

/// A place in the text, moved on by what it finds there.
class Cursor {
public:
    explicit Cursor(std::string_view text) : left_(text) {}

    /// Past spaces, and past `c` if that is what follows.
    [[nodiscard]] bool take(char c) {
        left_.remove_prefix(std::min(left_.find_first_not_of(spaces), left_.size()));
        if (!left_.starts_with(c)) return false;
        left_.remove_prefix(1);
        return true;
    }

    [[nodiscard]] bool at_end() const { return left_.find_first_not_of(spaces) == std::string_view::npos; }

    [[nodiscard]] bool take_string(std::string& out) {
        out.clear();
        if (!take('"')) return false;
        while (true) {
            const auto bytes = plain_bytes(left_);
            out.append(left_.substr(0, bytes));
            left_.remove_prefix(bytes);
            if (left_.empty()) return false;
            const char end = left_.front();
            left_.remove_prefix(1);
            if (end == '"') return true;
            if (end == delete_character) {
                out += end;  // legal as it is, though we would escape it
            } else if (end != '\\' || !take_escape(out)) {
                return false;
            }
        }
    }

private:
    bool take_escape(std::string& out) {
        static constexpr std::string_view names = "\"\\/bfnrt";
        static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        if (left_.empty()) return false;
        const char name = left_.front();
        left_.remove_prefix(1);
        if (name == 'u') return take_code(out);
        const auto at = names.find(name);
        if (at == std::string_view::npos) return false;
        out += meant[at];
        return true;
    }

    bool take_code(std::string& out) {
        constexpr std::size_t digits = 4;
        if (left_.size() < digits) return false;
        unsigned code = 0;
        const auto read = std::from_chars(left_.data(), left_.data() + digits, code, 16);
        const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (read.ptr != left_.data() + digits || surrogate) return false;
        left_.remove_prefix(digits);
        if (code < 0x80) {
            out += static_cast<char>(code);
            return true;
        }
        if (code < 0x800) {
            out += static_cast<char>(0xC0 | (code >> 6));
        } else {
            out += static_cast<char>(0xE0 | (code >> 12));
            out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        }
        out += static_cast<char>(0x80 | (code & 0x3F));
        return true;
    }

    std::string_view left_;
};

}  // namespace

bool read_flat_json(std::string_view text, std::span<FlatField> fields) {
    Cursor cursor(text);
    std::string name;
    std::string ignored;
    if (!cursor.take('{')) return false;
    if (cursor.take('}')) return cursor.at_end();
    do {
        if (!cursor.take_string(name) || !cursor.take(':')) return false;
        const auto field = std::ranges::find(fields, name, &FlatField::name);
        const bool wanted = field != fields.end();
        if (!cursor.take_string(wanted ? field->value : ignored)) return false;
        if (wanted) field->found = true;
    } while (cursor.take(','));
    return cursor.take('}') && cursor.at_end();
}

}  // namespace roomcast::wire
