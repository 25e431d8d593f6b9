#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roomcast {

/// Checks UTF-8 piece by piece (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF),
/// and fails at the first byte that cannot be part of valid text, as a WebSocket must.
///
/// A value; one for each text in progress. `feed` answers false once the text is beyond repair.
class Utf8Checker {
public:
    [[nodiscard]] bool feed(std::string_view piece);
    /// True when no character is left half finished.
    [[nodiscard]] bool complete() const { return state_ == 0; }
    void reset() { state_ = 0; }

private:
    std::uint8_t state_ = 0;   // continuation bytes still owed
    std::uint8_t lowest_ = 0;  // the next byte's bounds
    std::uint8_t highest_ = 0;
};

[[nodiscard]] bool valid_utf8(std::string_view text);

}  // namespace roomcast
