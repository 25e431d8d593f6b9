#pragma once

#include <cstddef>
#include <string_view>

namespace roomcast::wire {

/// How many bytes at the front of `text` stand for themselves inside a JSON string as we write it: all up to
/// the first quote, backslash, control character or DEL. Looks at 16 bytes at a time, as most text is plain
/// to its end. Pure.
[[nodiscard]] std::size_t plain_bytes(std::string_view text);

}  // namespace roomcast::wire
