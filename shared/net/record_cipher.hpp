#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <openssl/crypto.h>

#include "shared/net/cipher_contexts.hpp"

namespace roomcast::net {

/// Bytes that are wiped when they go.
template <std::size_t size>
struct SecretBytes {
    SecretBytes() = default;
    SecretBytes(const SecretBytes&) = default;
    SecretBytes& operator=(const SecretBytes&) = default;
    ~SecretBytes() { OPENSSL_cleanse(bytes.data(), size); }

    std::array<unsigned char, size> bytes{};
};

/// One of the secrets that a TLS 1.3 handshake ends with.
struct TrafficSecret : SecretBytes<48> {  // SHA-384's; SHA-256 has 32
    std::size_t size = 0;
};

/// What is inside a record of TLS 1.3 (RFC 8446, 5.1).
enum class ContentType : unsigned char { alert = 21, handshake = 22, application_data = 23 };

/// One direction of a TLS 1.3 connection after its handshake: seals records with the key that the traffic
/// secret gives, or opens them, and goes on to the next key (RFC 8446, 5.2, 5.3, 7.2 and 7.3).
///
/// Owned by one RecordLayer, used on the thread of its CipherContexts. libcrypto does the arithmetic; nothing
/// is allocated for a record. A record that was forged, cut or doubled does not open.
class RecordCipher {
public:
    using Use = CipherContexts::Use;
    static constexpr std::size_t header_bytes = 5;
    static constexpr std::size_t tag_bytes = 16;
    static constexpr std::size_t overhead_bytes = header_bytes + 1 + tag_bytes;  // around a text
    static constexpr std::size_t text_bytes = 16 * 1024;                         // the most in a record
    static constexpr std::size_t body_bytes = text_bytes + 256;                  // and behind its header

    /// `suite` by its number in the protocol. None for a suite that is not known here, or when libcrypto
    /// fails. `next_record`: how many records the secret's key was used for already.
    static std::optional<RecordCipher> make(CipherContexts& contexts, std::uint16_t suite,
                                            const TrafficSecret& secret, Use use, std::uint64_t next_record);

    /// Writes a whole record to `out`, which has room for `text` and the overhead. The answer is its size,
    /// 0 when libcrypto fails.
    [[nodiscard]] std::size_t seal(ContentType type, std::string_view text, unsigned char* out);
    /// Opens a whole record where it stands. The answer is what was inside, with the padding and the type
    /// behind the text still there; none when it is not what the peer sealed.
    [[nodiscard]] std::optional<std::span<char>> open(std::span<char> record);
    [[nodiscard]] bool next_key();
    /// How many records this key was used for.
    [[nodiscard]] std::uint64_t records() const { return records_; }

private:
    static constexpr std::size_t nonce_bytes = 12;
    using Nonce = std::array<unsigned char, nonce_bytes>;

    RecordCipher(EVP_CIPHER_CTX* context, std::uint16_t suite, const TrafficSecret& secret)
        : context_(context), suite_(suite), secret_(secret) {}
    [[nodiscard]] bool use_secret();
    [[nodiscard]] bool expand(std::string_view label, std::span<unsigned char> into) const;
    [[nodiscard]] Nonce next_nonce();

    EVP_CIPHER_CTX* context_;  // this and the next three are all that a record needs
    std::uint64_t records_ = 0;
    SecretBytes<32> key_;
    SecretBytes<nonce_bytes> iv_;
    std::uint16_t suite_;
    TrafficSecret secret_;
};

}  // namespace roomcast::net
