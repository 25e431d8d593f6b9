#include "shared/auth/token_key.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "shared/auth/codec.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Pkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;

[[noreturn]] void fail(std::string_view kid, const std::string& why) {
    ERR_clear_error();
    throw std::runtime_error("the token key " + std::string(kid) + " " + why);
}

void require_kid(std::string_view kid) {
    const bool good = !kid.empty() && kid.size() <= limits::token_kid_bytes &&
                      std::all_of(kid.begin(), kid.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!good)
        throw std::runtime_error("a token key's kid is not 1 to " + std::to_string(limits::token_kid_bytes) +
                                 " printable ASCII characters");
}

/// Instead of OpenSSL's own, which asks on the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*nothing*/) { return -1; }

Bio reader_of(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string number_of(const EVP_PKEY* key, const char* name) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
    const Number number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    return bytes;
}

TokenKey rsa_key(std::string kid, const Pkey& key) {
    require_kid(kid);
    if (!key) fail(kid, "cannot be read: it is no PEM of an RSA key, or it needs a passphrase");
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) fail(kid, "is not an RSA key");
    const int bits = EVP_PKEY_get_bits(key.get());
    if (bits < limits::rsa_bits_least || bits > limits::rsa_bits_most)
        fail(kid, "has " + std::to_string(bits) + " bits, not " + std::to_string(limits::rsa_bits_least) +
                      " to " + std::to_string(limits::rsa_bits_most));
    const auto modulus = number_of(key.get(), OSSL_PKEY_PARAM_RSA_N);
    const auto exponent = number_of(key.get(), OSSL_PKEY_PARAM_RSA_E);
    // An even or tiny exponent makes forging easy, an even modulus is no product of two odd primes.
    const bool odd =
        !modulus.empty() && !exponent.empty() && (modulus.back() & 1) != 0 && (exponent.back() & 1) != 0;
    if (!odd || exponent == std::string(1, '\x01') || exponent.size() > 8)
        fail(kid, "is not a sound RSA key");

    TokenKey made;
    made.algorithm = KeyAlgorithm::rs256;
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) fail(kid, "cannot be written as PEM");
    made.verify_with = text_of(bio);
    made.jwk = nlohmann::json{{"kty", "RSA"},
                              {"use", "sig"},
                              {"alg", "RS256"},
                              {"kid", kid},
                              {"n", base64url(modulus)},
                              {"e", base64url(exponent)}}
                   .dump();
    made.kid = std::move(kid);
    return made;
}

Number number_from(std::string_view text) {
    const auto bytes = from_base64url(text);
    if (!bytes || bytes->empty() || bytes->size() > std::size_t{2} * limits::rsa_bits_most / 8)
        return nullptr;
    return Number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes->data()),
                            static_cast<int>(bytes->size()), nullptr));
}

Pkey key_from(const Number& modulus, const Number& exponent) {
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return Pkey(raw);
}

}  // namespace

std::string_view name_of(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::rs256 ? "RS256" : "HS256";
}

TokenKey secret_key(std::string kid, std::string secret) {
    if (secret.size() < secret_bytes_least || secret.size() > secret_bytes_most)
        throw std::runtime_error("the token secret must have " + std::to_string(secret_bytes_least) + " to " +
                                 std::to_string(secret_bytes_most) + " bytes");
    if (kid.empty()) {
        static constexpr char digits[] = "0123456789abcdef";
        // Of a value derived from the secret: a hash of the secret itself would let guesses be tried.
        for (const char c : sha256(hmac_sha256(secret, "roomcast token kid")).substr(0, 4)) {
            kid.push_back(digits[static_cast<unsigned char>(c) >> 4]);
            kid.push_back(digits[static_cast<unsigned char>(c) & 15]);
        }
    }
    require_kid(kid);
    TokenKey key;
    key.kid = std::move(kid);
    key.verify_with = secret;
    key.sign_with = std::move(secret);
    return key;
}

TokenKey rsa_private_key(std::string kid, const std::string& pem) {
    const Pkey key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_passphrase, nullptr));
    auto made = rsa_key(std::move(kid), key);
    // Written anew, so that libjwt reads what was checked here.
    const Bio bio(BIO_new(BIO_s_secmem()));
    if (!bio ||
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, no_passphrase, nullptr) != 1)
        fail(made.kid, "cannot be written as PEM");
    made.sign_with = text_of(bio);
    return made;
}

TokenKey rsa_public_key(std::string kid, const std::string& pem) {
    return rsa_key(std::move(kid),
                   Pkey(PEM_read_bio_PUBKEY(reader_of(pem).get(), nullptr, no_passphrase, nullptr)));
}

TokenKey rsa_public_key(std::string kid, std::string_view n, std::string_view e) {
    const auto modulus = number_from(n);
    const auto exponent = number_from(e);
    if (!modulus || !exponent) fail(kid, "has an n or e that is no number in base64url");
    const auto key = key_from(modulus, exponent);
    if (!key) fail(kid, "is not an RSA key");
    return rsa_key(std::move(kid), key);
}

}  // namespace roomcast::auth
