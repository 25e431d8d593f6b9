#include "shared/net/cipher_contexts.hpp"

namespace roomcast::net {
namespace {

constexpr std::uint16_t first_suite = 0x1301;  // AES-128-GCM, then AES-256-GCM, then ChaCha20-Poly1305

const EVP_CIPHER* cipher_at(std::size_t index) {
    switch (index) {
        case 0:
            return EVP_aes_128_gcm();
        case 1:
            return EVP_aes_256_gcm();
        default:
            return EVP_chacha20_poly1305();
    }
}

}  // namespace

EVP_CIPHER_CTX* CipherContexts::context(std::uint16_t suite, Use use) {
    if (suite < first_suite || suite - first_suite >= static_cast<int>(suites)) return nullptr;
    const std::size_t index = suite - first_suite;
    const bool seals = use == Use::seal;
    auto& kept = contexts_[2 * index + (seals ? 1 : 0)];
    if (kept) return kept.get();
    std::unique_ptr<EVP_CIPHER_CTX, Free> made(EVP_CIPHER_CTX_new());
    if (!made ||
        EVP_CipherInit_ex2(made.get(), cipher_at(index), nullptr, nullptr, seals ? 1 : 0, nullptr) != 1)
        return nullptr;
    kept = std::move(made);
    return kept.get();
}

}  // namespace roomcast::net
