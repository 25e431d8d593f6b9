#pragma once

#include <optional>
#include <string_view>

#include "shared/wire/client_frames.hpp"

namespace roomcast::wire {

/// Reads the commonest frame without a JSON document: an object of strings with "type":"message", "room",
/// "text" and, or not, "id". It allocates for its result alone, where the frame has no long strings besides.
///
/// Nothing is refused here. Whatever else a frame is, right or wrong, it is left (nullopt) to the JSON
/// parser, which says what is wrong with it; what is taken is what that would have taken.
[[nodiscard]] std::optional<SendMessage> read_plain_message(std::string_view frame);

}  // namespace roomcast::wire
