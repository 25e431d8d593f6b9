#include "shared/ops/log_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "shared/core/utf8.hpp"

namespace roomcast::ops {
namespace {

std::string_view level_name(LogLevel level) {
    switch (level) {
        case LogLevel::trace:
            return "trace";
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warn:
            return "warn";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

/// `token`, and what ends in `_token` or `-token`, in any case; not `token_id`.
bool secret_key(std::string_view key) {
    static constexpr std::array<std::string_view, 6> names = {"token", "password",      "secret",
                                                              "jwt",   "authorization", "cookie"};
    const auto same = [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    };
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        if (key.size() < name.size()) return false;
        const auto tail = key.substr(key.size() - name.size());
        if (!std::equal(tail.begin(), tail.end(), name.begin(), same)) return false;
        if (key.size() == name.size()) return true;
        const char before = key[key.size() - name.size() - 1];
        return before == '_' || before == '-' || before == '.';
    });
}

/// The bytes of the character that `text` begins with; 0 when it begins with none.
std::size_t character_bytes(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return size <= text.size() && valid_utf8(text.substr(0, size)) ? size : 0;
}

void append_unicode_escape(std::string& out, unsigned code) {
    static constexpr char digits[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out.push_back(digits[(code >> shift) & 15]);
}

/// The code of a character that may not stand in a line as it is: C0 and C1 controls, DEL, and U+2028 and
/// U+2029; else 0xffff.
unsigned control_code(std::string_view character) {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(character[i]));
    };
    if (character.size() == 1 && (byte(0) < 0x20 || byte(0) == 0x7f)) return byte(0);
    if (character.size() == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) return byte(1);
    if (character == "\u2028") return 0x2028;
    if (character == "\u2029") return 0x2029;
    return 0xffff;
}

/// The inside of a JSON string; logfmt's quoted values are escaped alike.
void append_escaped(std::string& out, std::string_view text) {
    const bool cut = text.size() > log_value_bytes;
    std::size_t taken = 0;
    while (!text.empty() && taken < log_value_bytes) {
        const auto size = character_bytes(text);
        const auto character = text.substr(0, std::max<std::size_t>(size, 1));
        if (cut && taken + character.size() > log_value_bytes) break;
        if (size == 0)
            out += "\uFFFD";
        else if (character == "\"" || character == "\\")
            (out += '\\') += character;
        else if (character == "\n")
            out += "\\n";
        else if (const unsigned code = control_code(character); code != 0xffff)
            append_unicode_escape(out, code);
        else
            out += character;
        taken += character.size();
        text.remove_prefix(character.size());
    }
    if (cut) out += "...";
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(out, text);
    out += '"';
}

bool needs_quotes(std::string_view text) {
    return text.empty() || text.size() > log_value_bytes || std::any_of(text.begin(), text.end(), [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte <= ' ' || byte >= 0x7f || c == '"' || c == '\\' || c == '=';
           });
}

void append_bare_or_quoted(std::string& out, std::string_view text) {
    if (needs_quotes(text))
        append_quoted(out, text);
    else
        out += text;
}

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    out.append(buffer.data(), end);
}

/// `text` writes a string in the line's own manner.
template <class WriteText>
void append_value(std::string& out, const LogField& field, WriteText text) {
    if (secret_key(field.key)) return text(out, "[redacted]");
    if (const auto* string = std::get_if<std::string_view>(&field.value)) return text(out, *string);
    if (const auto* integer = std::get_if<std::int64_t>(&field.value)) return append_number(out, *integer);
    if (const auto* truth = std::get_if<bool>(&field.value)) {
        out += *truth ? "true" : "false";
        return;
    }
    const double number = std::get<double>(field.value);
    if (std::isfinite(number)) return append_number(out, number);
    text(out, std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
}

}  // namespace

std::string logfmt_line(const LogEvent& event) {
    std::string out = "ts=" + format_rfc3339(event.time);
    (out += " level=") += level_name(event.level);
    append_bare_or_quoted(out += " node=", event.node);
    append_bare_or_quoted(out += " event=", event.event);
    for (const auto& field : event.fields) {
        ((out += ' ') += field.key) += '=';
        append_value(out, field, append_bare_or_quoted);
    }
    return out;
}

std::string json_line(const LogEvent& event) {
    std::string out = R"({"ts":")" + format_rfc3339(event.time);
    (out += R"(","level":")") += level_name(event.level);
    append_quoted(out += R"(","node":)", event.node);
    append_quoted(out += R"(,"event":)", event.event);
    for (const auto& field : event.fields) {
        append_quoted(out += ',', field.key);
        append_value(out += ':', field, append_quoted);
    }
    return out += '}';
}

}  // namespace roomcast::ops
