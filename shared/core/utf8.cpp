#include "shared/core/utf8.hpp"

#include <cstring>

namespace roomcast {
namespace {

/// Passes over whole characters as most text has them: ASCII, eight at a time, those of two bytes, those of
/// three but for what begins like a surrogate, and emoji. Stops before all else, and where less than eight
/// bytes are left.
const char* skip_common(const char* at, const char* end) {
    while (end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if ((word & 0x8080808080808080ULL) == 0) {
            at += 8;
            continue;
        }
        const auto byte = [at](int i) { return static_cast<std::uint8_t>(at[i]); };
        const auto follows = [&](int i) { return (byte(i) & 0xC0) == 0x80; };
        const std::uint8_t first = byte(0);
        if (first < 0x80) {
            ++at;
        } else if (first >= 0xC2 && first <= 0xDF && follows(1)) {
            at += 2;
        } else if (first >= 0xE0 && first <= 0xEF && first != 0xED &&
                   byte(1) >= (first == 0xE0 ? 0xA0 : 0x80) && follows(1) && follows(2)) {
            at += 3;
        } else if (first == 0xF0 && byte(1) >= 0x90 && follows(1) && follows(2) && follows(3)) {
            at += 4;
        } else {
            break;
        }
    }
    return at;
}

}  // namespace

bool Utf8Checker::feed(std::string_view piece) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (at != end) {
        if (state_ == 0) {
            at = skip_common(at, end);
            if (at == end) break;
        }
        const auto byte = static_cast<std::uint8_t>(*at++);
        if (state_ != 0) {
            if (byte < lowest_ || byte > highest_) return false;
            --state_;
            lowest_ = 0x80;
            highest_ = 0xBF;
            continue;
        }
        if (byte < 0x80) continue;
        lowest_ = 0x80;
        highest_ = 0xBF;
        if (byte >= 0xC2 && byte <= 0xDF) {
            state_ = 1;
        } else if (byte >= 0xE0 && byte <= 0xEF) {
            state_ = 2;
            if (byte == 0xE0) lowest_ = 0xA0;
            if (byte == 0xED) highest_ = 0x9F;
        } else if (byte >= 0xF0 && byte <= 0xF4) {
            state_ = 3;
            if (byte == 0xF0) lowest_ = 0x90;
            if (byte == 0xF4) highest_ = 0x8F;
        } else {
            return false;
        }
    }
    return true;
}

bool valid_utf8(std::string_view text) {
    Utf8Checker checker;
    return checker.feed(text) && checker.complete();
}

}  // namespace roomcast
