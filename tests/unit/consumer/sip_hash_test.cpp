#include "consumer/sip_hash.hpp"

#include <cstring>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace roomcast::consumer {
namespace {

struct FreeMac {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

std::string bytes_of(const SipHash::Digest& digest) {
    std::string bytes;
    for (const auto word : digest)
        for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i));
    return bytes;
}

std::string by_openssl(const std::string& key, const std::string& text) {
    const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr));
    const std::unique_ptr<EVP_MAC_CTX, FreeMac> context(EVP_MAC_CTX_new(mac.get()));
    std::size_t bytes = 16;
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &bytes),
                                     OSSL_PARAM_END};
    REQUIRE(EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                         parameters) == 1);
    REQUIRE(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) ==
            1);
    std::string digest(16, '\0');
    REQUIRE(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &bytes,
                          digest.size()) == 1);
    return digest;
}

SipHash::Key key_of(const std::string& bytes) {
    SipHash::Key key{};
    for (std::size_t i = 0; i < 16; ++i)
        key[i / 8] |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
    return key;
}

}  // namespace

TEST_CASE("the digest of nothing is the one its authors published") {
    CHECK(bytes_of(SipHash({0x0706050403020100, 0x0f0e0d0c0b0a0908}).finish()) ==
          std::string("\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55\x02\x93", 16));
}

TEST_CASE("digests are those of OpenSSL, at every length and however the text is cut") {
    const std::string key = "0123456789abcdef";
    std::string text;
    for (int length = 0; length < 300; ++length) {
        const auto expected = by_openssl(key, text);
        for (std::size_t cut = 0; cut <= text.size(); cut += 1 + cut / 20) {
            SipHash hash(key_of(key));
            hash.feed(std::string_view(text).substr(0, cut));
            hash.feed(std::string_view(text).substr(cut));
            CHECK(bytes_of(hash.finish()) == expected);
        }
        text += static_cast<char>(length * 7 + 200);
    }
}

TEST_CASE("random keys differ") { CHECK(SipHash::random_key() != SipHash::random_key()); }

}  // namespace roomcast::consumer
