#include "bench/crowd/dialect.hpp"

#include <charconv>
#include <cstring>
#include <stdexcept>

namespace roomcast::bench {
namespace {

constexpr std::string_view sign = "#~";  // stands in front of every mark

}  // namespace

Dialect dialect_of(const std::string& name) {
    if (name == "roomcast")
        return {"/ws?room={room}&last=0", "",
                R"({"type":"message","room":"{room}","id":"{id}","text":"{text}"})", R"("type":"joined")",
                R"("type":"error")"};
    if (name == "nchan") return {"/sub/{room}", "/pub/{room}", "{text}", "", ""};
    if (name == "floor") return {"/sub", "/pub", "{text}", "", ""};
    throw std::invalid_argument("no such dialect: " + name);
}

std::string filled(std::string_view pattern, std::string_view room, std::string_view id,
                   std::string_view text) {
    std::string out;
    out.reserve(pattern.size() + room.size() + id.size() + text.size());
    while (!pattern.empty()) {
        const auto at = pattern.find('{');
        out.append(pattern.substr(0, at));
        if (at == std::string_view::npos) break;
        pattern.remove_prefix(at);
        const auto put = [&](std::string_view word, std::string_view value) {
            if (!pattern.starts_with(word)) return false;
            out.append(value);
            pattern.remove_prefix(word.size());
            return true;
        };
        if (put("{room}", room) || put("{id}", id) || put("{text}", text)) continue;
        out.push_back('{');
        pattern.remove_prefix(1);
    }
    return out;
}

void write_mark(std::string& text, const Mark& mark, std::size_t bytes) {
    text.assign(sign);
    text += std::to_string(mark.number);
    text += '.';
    text += std::to_string(mark.intended_ns);
    text += '.';
    if (text.size() < bytes) text.resize(bytes, 'x');
}

bool read_mark(std::string_view frame, Mark& mark) {
    const auto* const found =
        static_cast<const char*>(::memmem(frame.data(), frame.size(), sign.data(), sign.size()));
    if (found == nullptr) return false;
    const char* const end = frame.data() + frame.size();
    const auto number = std::from_chars(found + sign.size(), end, mark.number);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != '.') return false;
    return std::from_chars(number.ptr + 1, end, mark.intended_ns).ec == std::errc();
}

}  // namespace roomcast::bench
