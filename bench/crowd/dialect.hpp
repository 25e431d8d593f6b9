#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roomcast::bench {

/// How one kind of server is told who wants what. `{room}`, `{id}` and `{text}` stand for just that.
struct Dialect {
    std::string subscribe;  // what is asked for in the upgrade of a receiver
    std::string publish;    // the same for a sender; empty: a room's first receiver is its sender
    std::string frame;      // how a message is said
    std::string joined;     // what a frame holds that says one is in the room; empty: the upgrade says it
    std::string refused;    // what a frame holds that says no
};

/// Of "roomcast", "nchan" (a location /sub/NAME and one /pub/NAME) or "floor" (bench/floor_tls.cpp). Throws
/// std::invalid_argument.
[[nodiscard]] Dialect dialect_of(const std::string& name);

/// `pattern` with its words filled in.
[[nodiscard]] std::string filled(std::string_view pattern, std::string_view room, std::string_view id = {},
                                 std::string_view text = {});

/// What a message says of itself in its text, wherever in a frame that stands: a number, and when it was
/// meant to be sent, so that a server that holds the sender up is not excused.
struct Mark {
    std::uint64_t number = 0;
    std::int64_t intended_ns = 0;
};
/// Writes the text, filled up to `bytes`.
void write_mark(std::string& text, const Mark& mark, std::size_t bytes);
/// False when the frame holds no mark.
[[nodiscard]] bool read_mark(std::string_view frame, Mark& mark);

}  // namespace roomcast::bench
