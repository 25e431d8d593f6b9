#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::bench {

/// What the text of a message says about it: which one it is in its room, and when it was meant to be sent. A
/// sender that is held up is late by its own stamp, so that waiting for the server is not left out of the
/// figures.
struct Stamp {
    std::uint64_t number = 0;  // from 0, without gaps
    std::int64_t intended_ns = 0;
};

/// The text, filled up to `bytes`.
[[nodiscard]] std::string text_of(const Stamp& stamp, std::size_t bytes);
/// None when the text is not one of ours.
[[nodiscard]] std::optional<Stamp> stamp_of(std::string_view text);

/// A `message` frame as far as it is needed here, read without parsing the JSON: at 200,000 a second a parser
/// would be what is measured.
struct Delivered {
    std::int64_t seq = -1;
    Stamp stamp;
};
[[nodiscard]] bool is_message(std::string_view frame);
[[nodiscard]] std::optional<Delivered> read_message(std::string_view frame);

}  // namespace roomcast::bench
