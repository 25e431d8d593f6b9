#include "consumer/sip_hash.hpp"

#include <bit>
#include <cstring>
#include <stdexcept>

#include <openssl/rand.h>

namespace roomcast::consumer {
namespace {

constexpr int rounds_a_word = 2;
constexpr int rounds_at_end = 4;

std::uint64_t little_endian(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace

SipHash::SipHash(const Key& key)
    : v0_(key[0] ^ 0x736f6d6570736575ULL),
      v1_(key[1] ^ 0x646f72616e646f6dULL ^ 0xEE),
      v2_(key[0] ^ 0x6c7967656e657261ULL),
      v3_(key[1] ^ 0x7465646279746573ULL) {}

void SipHash::rounds(int count) {
    for (int i = 0; i < count; ++i) {
        v0_ += v1_;
        v2_ += v3_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v1_;
        v0_ += v3_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ = std::rotl(v2_, 32);
    }
}

void SipHash::take(std::uint64_t word) {
    v3_ ^= word;
    rounds(rounds_a_word);
    v0_ ^= word;
}

void SipHash::feed(std::string_view piece) {
    while (!piece.empty()) {
        const auto held = length_ % 8;
        if (held == 0 && piece.size() >= 8) {
            take(little_endian(piece.data()));
            piece.remove_prefix(8);
            length_ += 8;
            continue;
        }
        rest_ |= std::uint64_t{static_cast<unsigned char>(piece.front())} << (8 * held);
        piece.remove_prefix(1);
        ++length_;
        if (held != 7) continue;
        take(rest_);
        rest_ = 0;
    }
}

SipHash::Digest SipHash::finish() {
    take(rest_ | (length_ << 56));
    v2_ ^= 0xEE;
    rounds(rounds_at_end);
    const std::uint64_t first = v0_ ^ v1_ ^ v2_ ^ v3_;
    v1_ ^= 0xDD;
    rounds(rounds_at_end);
    return {first, v0_ ^ v1_ ^ v2_ ^ v3_};
}

SipHash::Key SipHash::random_key() {
    Key key{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), sizeof key) != 1)
        throw std::runtime_error("the system has no random bytes");
    return key;
}

}  // namespace roomcast::consumer
