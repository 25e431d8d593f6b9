#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace roomcast::consumer {

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein): whoever does not know the key can neither
/// find texts that collide nor tell where in a table they go. A tenth of what SHA-256 by OpenSSL takes for an
/// id.
///
/// A value, for one thread. The text is given in pieces, each once; `finish` ends it.
class SipHash {
public:
    using Key = std::array<std::uint64_t, 2>;
    using Digest = std::array<std::uint64_t, 2>;

    explicit SipHash(const Key& key);
    void feed(std::string_view piece);
    [[nodiscard]] Digest finish();

    /// From the system's source of randomness. Throws std::runtime_error where it has none.
    [[nodiscard]] static Key random_key();

private:
    void rounds(int count);
    void take(std::uint64_t word);

    std::uint64_t v0_;
    std::uint64_t v1_;
    std::uint64_t v2_;
    std::uint64_t v3_;
    std::uint64_t rest_ = 0;    // what does not fill a word yet
    std::uint64_t length_ = 0;  // bytes
};

}  // namespace roomcast::consumer
