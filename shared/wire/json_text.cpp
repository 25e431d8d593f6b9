#include "shared/wire/json_text.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace roomcast::wire {
namespace {

using Block [[gnu::vector_size(16)]] = unsigned char;

bool plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F; }

/// The place of the first byte of 16 that is not plain, or 16.
std::size_t plain_in_block(const char* at) {
    Block bytes{};
    std::memcpy(&bytes, at, sizeof bytes);
    const auto other = (bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes == 0x7F);
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), &other, sizeof halves);
    if ((halves[0] | halves[1]) == 0) return sizeof bytes;
    std::size_t found = 0;
    while (plain(static_cast<unsigned char>(at[found]))) ++found;
    return found;
}

}  // namespace

std::size_t plain_bytes(std::string_view text) {
    std::size_t at = 0;
    for (; at + sizeof(Block) <= text.size(); at += sizeof(Block)) {
        const auto found = plain_in_block(text.data() + at);
        if (found < sizeof(Block)) return at + found;
    }
    while (at < text.size() && plain(static_cast<unsigned char>(text[at]))) ++at;
    return at;
}

}  // namespace roomcast::wire
