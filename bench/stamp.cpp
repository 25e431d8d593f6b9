#include "bench/stamp.hpp"

#include <charconv>

namespace roomcast::bench {
namespace {

template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

std::optional<std::string_view> behind(std::string_view frame, std::string_view name) {
    const auto at = frame.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    return frame.substr(at + name.size());
}

}  // namespace

std::string text_of(const Stamp& stamp, std::size_t bytes) {
    std::string text = std::to_string(stamp.number) + '.' + std::to_string(stamp.intended_ns) + '.';
    if (text.size() < bytes) text.resize(bytes, 'x');
    return text;
}

std::optional<Stamp> stamp_of(std::string_view text) {
    const auto number = take_number<std::uint64_t>(text);
    if (!number || !text.starts_with('.')) return std::nullopt;
    text.remove_prefix(1);
    const auto intended = take_number<std::int64_t>(text);
    if (!intended || !text.starts_with('.')) return std::nullopt;
    return Stamp{*number, *intended};
}

bool is_message(std::string_view frame) { return frame.starts_with(R"({"type":"message",)"); }

std::optional<Delivered> read_message(std::string_view frame) {
    auto seq_text = behind(frame, R"("seq":)");
    const auto text = behind(frame, R"("text":")");
    if (!seq_text || !text) return std::nullopt;
    const auto seq = take_number<std::int64_t>(*seq_text);
    const auto stamp = stamp_of(*text);
    if (!seq || !stamp) return std::nullopt;
    return Delivered{*seq, *stamp};
}

}  // namespace roomcast::bench
