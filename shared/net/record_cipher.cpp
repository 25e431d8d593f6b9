#include "shared/net/record_cipher.hpp"

#include <cstring>
#include <string>

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

namespace roomcast::net {
namespace {

constexpr std::uint16_t aes_256_gcm_sha384 = 0x1302;

const EVP_MD* digest_of(std::uint16_t suite) {
    return suite == aes_256_gcm_sha384 ? EVP_sha384() : EVP_sha256();
}

unsigned char* bytes_of(std::span<char> text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::optional<RecordCipher> RecordCipher::make(CipherContexts& contexts, std::uint16_t suite,
                                               const TrafficSecret& secret, Use use,
                                               std::uint64_t next_record) {
    EVP_CIPHER_CTX* const context = contexts.context(suite, use);
    if (context == nullptr || secret.size != static_cast<std::size_t>(EVP_MD_get_size(digest_of(suite))))
        return std::nullopt;
    std::optional<RecordCipher> made(RecordCipher(context, suite, secret));
    if (!made->use_secret()) return std::nullopt;
    made->records_ = next_record;
    return made;
}

/// HKDF-Expand-Label without a context. Nothing here is longer than the digest, so one HMAC is all of it.
bool RecordCipher::expand(std::string_view label, std::span<unsigned char> into) const {
    std::string info;
    info.push_back(static_cast<char>(into.size() >> 8));
    info.push_back(static_cast<char>(into.size() & 0xFF));
    info.push_back(static_cast<char>(6 + label.size()));
    info.append("tls13 ").append(label);
    info.push_back(0);  // no context
    info.push_back(1);  // the first block
    std::array<unsigned char, EVP_MAX_MD_SIZE> block{};
    unsigned size = 0;
    const bool made = HMAC(digest_of(suite_), secret_.bytes.data(), static_cast<int>(secret_.size),
                           reinterpret_cast<const unsigned char*>(info.data()), info.size(), block.data(),
                           &size) != nullptr &&
                      into.size() <= size;
    if (made) std::memcpy(into.data(), block.data(), into.size());
    OPENSSL_cleanse(block.data(), block.size());
    return made;
}

bool RecordCipher::use_secret() {
    const auto key_bytes = static_cast<std::size_t>(EVP_CIPHER_CTX_get_key_length(context_));
    records_ = 0;
    return expand("key", std::span(key_.bytes).first(key_bytes)) && expand("iv", iv_.bytes);
}

bool RecordCipher::next_key() {
    TrafficSecret next;
    next.size = secret_.size;
    if (!expand("traffic upd", std::span(next.bytes).first(next.size))) return false;
    secret_ = next;
    return use_secret();
}

RecordCipher::Nonce RecordCipher::next_nonce() {
    Nonce nonce = iv_.bytes;
    for (std::uint64_t rest = records_++, at = nonce.size() - 1; rest != 0; rest >>= 8, --at)
        nonce[at] ^= static_cast<unsigned char>(rest & 0xFF);
    return nonce;
}

std::size_t RecordCipher::seal(ContentType type, std::string_view text, unsigned char* out) {
    const std::size_t body = text.size() + 1 + tag_bytes;
    out[0] = static_cast<unsigned char>(ContentType::application_data);
    out[1] = 3;
    out[2] = 3;
    out[3] = static_cast<unsigned char>(body >> 8);
    out[4] = static_cast<unsigned char>(body & 0xFF);
    unsigned char* const inside = out + header_bytes;
    std::memcpy(inside, text.data(), text.size());
    inside[text.size()] = static_cast<unsigned char>(type);
    const auto inside_bytes = static_cast<int>(text.size()) + 1;

    const Nonce nonce = next_nonce();
    OSSL_PARAM tag[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, inside + inside_bytes, tag_bytes),
        OSSL_PARAM_construct_end()};
    int written = 0;
    const bool sealed =
        EVP_EncryptInit_ex2(context_, nullptr, key_.bytes.data(), nonce.data(), nullptr) == 1 &&
        EVP_EncryptUpdate(context_, nullptr, &written, out, header_bytes) == 1 &&
        EVP_EncryptUpdate(context_, inside, &written, inside, inside_bytes) == 1 && written == inside_bytes &&
        EVP_EncryptFinal_ex(context_, inside + inside_bytes, &written) == 1 &&
        EVP_CIPHER_CTX_get_params(context_, tag) == 1;
    return sealed ? header_bytes + body : 0;
}

std::optional<std::span<char>> RecordCipher::open(std::span<char> record) {
    if (record.size() < overhead_bytes) return std::nullopt;
    const std::span<char> inside = record.subspan(header_bytes, record.size() - header_bytes - tag_bytes);
    const std::span<char> sealed_tag = record.last(tag_bytes);
    const auto inside_bytes = static_cast<int>(inside.size());

    const Nonce nonce = next_nonce();
    const OSSL_PARAM tag[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, sealed_tag.data(), tag_bytes),
        OSSL_PARAM_construct_end()};
    int written = 0;
    const bool opened =
        EVP_DecryptInit_ex2(context_, nullptr, key_.bytes.data(), nonce.data(), nullptr) == 1 &&
        EVP_CIPHER_CTX_set_params(context_, tag) == 1 &&
        EVP_DecryptUpdate(context_, nullptr, &written, bytes_of(record), header_bytes) == 1 &&
        EVP_DecryptUpdate(context_, bytes_of(inside), &written, bytes_of(inside), inside_bytes) == 1 &&
        written == inside_bytes && EVP_DecryptFinal_ex(context_, bytes_of(sealed_tag), &written) == 1;
    if (!opened) return std::nullopt;
    return inside;
}

}  // namespace roomcast::net
