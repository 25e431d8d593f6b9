#include "shared/core/utf8.hpp"

#include <cstring>

namespace roomcast {

bool Utf8Checker::feed(std::string_view piece) {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    while (at != end) {
        if (state_ == 0) {
            // Eight plain characters at a time: most text is ASCII.
            while (end - at >= 8) {
                std::uint64_t word = 0;
                std::memcpy(&word, at, sizeof word);
                if ((word & 0x8080808080808080ULL) != 0) break;
                at += 8;
            }
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
