#include "shared/auth/codec.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roomcast::auth {

TEST_CASE("base64url comes back as it went, for every length") {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        const auto text = base64url(bytes);
        CHECK(text.find_first_of("+/=") == std::string::npos);
        CHECK(from_base64url(text) == bytes);
        bytes.push_back(static_cast<char>(i * 77));
    }
    CHECK(base64url("f") == "Zg");
    CHECK(base64url("foob") == "Zm9vYg");
    CHECK(base64url("\xfb\xff\xfe") == "-__-");
}

TEST_CASE("base64url has one text for each value") {
    CHECK(from_base64url("") == "");
    for (const char* bad :
         {"Zg==", "Zh", "Z", "Zm9vY", "Zm9v\n", "Zm 9v", "+/+/", "Zm9vYh", "Zg.", "\xc3\xa9xx"})
        CHECK_FALSE(from_base64url(bad));
    CHECK_FALSE(from_base64url(std::string(4, '\0')));
}

TEST_CASE("SHA-256 and its HMAC are those of the standards") {
    const auto hex = [](const std::string& bytes) {
        std::string text;
        for (const char c : bytes)
            for (const int shift : {4, 0})
                text.push_back("0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15]);
        return text;
    };
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("secrets are the same in every byte or not at all") {
    CHECK(same_secret("", ""));
    CHECK(same_secret("abc", "abc"));
    CHECK_FALSE(same_secret("abc", "abd"));
    CHECK_FALSE(same_secret("abc", "ab"));
    CHECK_FALSE(same_secret(std::string("a\0b", 3), std::string("a\0c", 3)));
}

}  // namespace roomcast::auth
