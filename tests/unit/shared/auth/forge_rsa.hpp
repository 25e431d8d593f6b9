#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/unit/shared/auth/forge.hpp"

namespace roomcast::auth::forge {

/// A key made for a test, in every form that files have it in; never one that is in use anywhere.
struct RsaKey {
    explicit RsaKey(unsigned bits) : key(EVP_RSA_gen(bits), EVP_PKEY_free) {
        if (!key) throw std::runtime_error("no RSA key");
        private_pem = pem([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        public_pem = pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); });
        n = number(OSSL_PKEY_PARAM_RSA_N);
        e = number(OSSL_PKEY_PARAM_RSA_E);
    }

    [[nodiscard]] std::string locked_pem(std::string passphrase) const {
        return pem([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), EVP_aes_128_cbc(),
                                     reinterpret_cast<const unsigned char*>(passphrase.data()),
                                     static_cast<int>(passphrase.size()), nullptr, nullptr);
        });
    }

    [[nodiscard]] std::string sign(std::string_view text, const EVP_MD* hash = EVP_sha256()) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                              EVP_MD_CTX_free);
        std::size_t size = 0;
        const auto* data = reinterpret_cast<const unsigned char*>(text.data());
        EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key.get());
        EVP_DigestSign(context.get(), nullptr, &size, data, text.size());
        std::string signature(size, '\0');
        if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                           text.size()) != 1)
            throw std::runtime_error("no signature");
        return signature;
    }

    [[nodiscard]] std::string jwk(std::string_view kid,
                                  std::string_view more = R"(,"alg":"RS256","use":"sig")") const {
        return R"({"kty":"RSA","kid":")" + std::string(kid) + R"(","n":")" + n + R"(","e":")" + e + "\"" +
               std::string(more) + "}";
    }

    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
    std::string private_pem, public_pem, n, e;  // n and e in base64url

private:
    template <class Write>
    static std::string pem(Write write) {
        const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
        write(bio.get());
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }
    [[nodiscard]] std::string number(const char* name) const {
        BIGNUM* raw = nullptr;
        EVP_PKEY_get_bn_param(key.get(), name, &raw);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
        BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
        BN_free(raw);
        return base64url(bytes);
    }
};

/// Made once: it takes a while.
inline const RsaKey& rsa_key() {
    static const RsaKey key(2048);
    return key;
}
inline const RsaKey& other_rsa_key() {
    static const RsaKey key(2048);
    return key;
}

/// Signed with RSA and SHA-256, whatever the header says.
inline std::string token(std::string_view header, std::string_view payload, const RsaKey& key,
                         const EVP_MD* hash = EVP_sha256()) {
    const std::string text = base64url(header) + "." + base64url(payload);
    return text + "." + base64url(key.sign(text, hash));
}

}  // namespace roomcast::auth::forge
