#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"

namespace roomcast::producer {

/// One line of an import, ready to be appended: which line it was, where it goes, what it says.
struct InputLine {
    std::uint64_t number = 0;  // the first line is 1
    RoomSlug room;
    channel::Record record;
};

/// Reads `{"room":"general","user":"alice","text":"hi","id":"c1"}`, stamped with the time of now. Without an
/// id it is given `<run>-<number>`, the same for each attempt to send it. Other fields are left alone, so
/// that what roomcast-replay prints can be read. Never throws; any text gives a line or a reason. Pure but
/// for the clock.
[[nodiscard]] Result<InputLine> parse_input_line(std::string_view text, std::uint64_t number,
                                                 std::string_view run);

/// The sentence for people: the error's own detail, or what its code means.
[[nodiscard]] std::string why(const Error& error);

}  // namespace roomcast::producer
