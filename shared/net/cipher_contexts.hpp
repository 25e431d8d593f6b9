#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <openssl/evp.h>

namespace roomcast::net {

/// libcrypto's contexts for the cipher suites of TLS 1.3: one for each suite and direction, in which all
/// connections of a loop seal and open their records, each with its own key.
///
/// Owned by a Loop, used on its thread, outlives its connections. A key that is set anew for each record
/// costs 0.15 µs; a context for each connection would have to come from memory first, which costs four times
/// that where thousands of connections take turns, and two kilobytes for each.
class CipherContexts {
public:
    enum class Use { seal, open };

    /// `suite` by its number in the protocol. Null for one that is not known here, or when libcrypto fails.
    [[nodiscard]] EVP_CIPHER_CTX* context(std::uint16_t suite, Use use);

private:
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    static constexpr std::size_t suites = 3;
    std::array<std::unique_ptr<EVP_CIPHER_CTX, Free>, 2 * suites> contexts_;
};

}  // namespace roomcast::net
