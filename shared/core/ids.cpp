#include "shared/core/ids.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

#include <openssl/rand.h>

#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"

namespace roomcast {
namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

template <class Allowed>
bool made_of(std::string_view text, std::size_t most, Allowed allowed) {
    return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), allowed);
}

std::string random_hex(std::size_t bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, 32> raw{};
    if (bytes > raw.size() || RAND_bytes(raw.data(), static_cast<int>(bytes)) != 1)
        throw std::runtime_error("the system gave no random bytes");
    std::string text;
    text.reserve(bytes * 2);
    for (std::size_t i = 0; i < bytes; ++i) {
        text.push_back(digits[raw[i] >> 4]);
        text.push_back(digits[raw[i] & 15]);
    }
    return text;
}

/// FNV-1a, 64 bits: part of the on-disk layout, never to be changed.
Slot slot_of_text(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return Slot{static_cast<std::uint16_t>((hash ^ (hash >> 32)) % slot_count)};
}

}  // namespace

bool RoomSlugTag::valid(std::string_view text) {
    return made_of(text, limits::room_slug_bytes,
                   [](char c) { return lower_or_digit(c) || c == '_' || c == '-'; }) &&
           lower_or_digit(text.front());
}

bool EpochTag::valid(std::string_view text) { return made_of(text, limits::epoch_bytes, lower_or_digit); }

bool MessageIdTag::valid(std::string_view text) {
    return made_of(text, limits::message_id_bytes, [](char c) { return c > ' ' && c <= '~'; });
}

bool UserNameTag::valid(std::string_view text) {
    if (text.empty() || text.size() > limits::user_name_bytes || !valid_utf8(text)) return false;
    if (text.front() == ' ' || text.back() == ' ') return false;
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool FoldedNameTag::valid(std::string_view text) {
    return !text.empty() && text.size() <= limits::folded_name_bytes && valid_utf8(text);
}

bool SessionIdTag::valid(std::string_view text) {
    return made_of(text, limits::session_id_bytes, [](char c) { return lower_or_digit(c) || c == '-'; });
}

bool NodeIdTag::valid(std::string_view text) {
    return made_of(text, limits::node_id_bytes,
                   [](char c) { return alnum(c) || c == '.' || c == '_' || c == '-'; }) &&
           alnum(text.front());
}

bool TicketIdTag::valid(std::string_view text) {
    return made_of(text, limits::ticket_id_bytes, lower_or_digit);
}

Slot slot_of(const RoomSlug& room) { return slot_of_text(room.str()); }
Slot slot_of(const FoldedName& name) { return slot_of_text(name.str()); }

Epoch make_epoch() { return Epoch::trusted(random_hex(8)); }
SessionId make_session_id() { return SessionId::trusted(random_hex(16)); }
MessageId make_message_id() { return MessageId::trusted(random_hex(12)); }
TicketId make_ticket_id() { return TicketId::trusted(random_hex(16)); }

}  // namespace roomcast
