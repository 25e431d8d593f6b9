#pragma once

#include <array>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

/// Makes tokens that no honest issuer would, for the tests of jwt.hpp; without libjwt, so that the two check
/// each other.
namespace roomcast::auth::forge {

inline std::string base64url(std::string_view bytes) {
    static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0;
    int held = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6) out.push_back(alphabet[(bits >> (held - 6)) & 63]);
    }
    if (held > 0) out.push_back(alphabet[(bits << (6 - held)) & 63]);
    return out;
}

inline std::string hmac(std::string_view text, std::string_view secret, const EVP_MD* hash) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    HMAC(hash, secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &length);
    return {reinterpret_cast<const char*>(out.data()), length};
}

/// Signed by HMAC with the given hash, whatever the header says.
inline std::string token(std::string_view header, std::string_view payload, std::string_view secret,
                         const EVP_MD* hash = EVP_sha256()) {
    const std::string text = base64url(header) + "." + base64url(payload);
    return text + "." + base64url(hmac(text, secret, hash));
}

}  // namespace roomcast::auth::forge
