#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"
#include "shared/wire/flat_json.hpp"

namespace roomcast::producer {

/// One line of an import, ready to be appended: which line it was, where it goes, what it says.
struct InputLine {
    std::uint64_t number = 0;  // the first line is 1
    RoomSlug room;
    channel::Record record;
};

/// Reads `{"room":"general","user":"alice","text":"hi","id":"c1"}`, stamped with the time of now.
///
/// A line without an id is given `<run>-<number>`, the same for each attempt to send it. Other fields are
/// left alone, so that what roomcast-replay prints can be read. A value of one thread's; keeps its buffers
/// from line to line.
class LineParser {
public:
    explicit LineParser(std::string run);

    /// Never throws; any text gives a line or a reason.
    [[nodiscard]] Result<InputLine> parse(std::string_view text, std::uint64_t number);

private:
    std::string run_;
    std::array<wire::FlatField, 4> fields_;
};

/// The sentence for people: the error's own detail, or what its code means.
[[nodiscard]] std::string why(const Error& error);

}  // namespace roomcast::producer
