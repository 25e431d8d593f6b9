#include "shared/auth/key_set.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "shared/auth/jwt.hpp"
#include "tests/unit/shared/auth/forge_rsa.hpp"

namespace roomcast::auth {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;
const std::string secret = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("a set of keys without one that signs, with two of one kid, or with too many is refused") {
    CHECK_THROWS_WITH(TokenAuthority{KeySet{}}, "there is no key to sign tokens with");
    KeySet keys;
    keys.add(rsa_public_key("rs", forge::rsa_key().public_pem));
    CHECK_THROWS_WITH(keys.sign_with("rs"), "the token key rs cannot sign: only a public key is there");
    CHECK_THROWS_WITH(keys.sign_with("nobody"), "no token key has the kid that signs: nobody");
    CHECK_THROWS_WITH(keys.add(secret_key("rs", secret)), "there are two token keys with the kid rs");
    CHECK_THROWS_AS(keys.add_legacy(rsa_private_key("rs2", forge::rsa_key().private_pem)),
                    std::runtime_error);
    for (int i = 0; i < 63; ++i) keys.add(secret_key("k" + std::to_string(i), secret));
    CHECK_THROWS_WITH(keys.add(secret_key("one-more", secret)), "there are more than 64 token keys");
}

TEST_CASE("the claim that names an outside user can be chosen, and its text becomes a name of ours") {
    KeySet keys;
    keys.add(secret_key("hs", secret));
    keys.sign_with("hs");
    auto outside = rsa_public_key("out", forge::other_rsa_key().public_pem);
    outside.source = TokenSource::outside;
    keys.add(std::move(outside));
    keys.trust({"https://id.example", "chat", "preferred_username"});
    const TokenAuthority choosing(std::move(keys));
    const auto with = [&](const std::string& name) {
        return choosing.verify(
            forge::token(
                R"({"alg":"RS256","kid":"out"})",
                R"({"iss":"https://id.example","aud":"chat","exp":1800000060,"sub":"7f3a","guest":"x")" +
                    name + "}",
                forge::other_rsa_key()),
            now_s);
    };
    REQUIRE(with(R"(,"preferred_username":"Ame\u0301lie")"));
    CHECK(with(R"(,"preferred_username":"Ame\u0301lie")")->user.str() == "Am\u00e9lie");
    CHECK_FALSE(with(R"(,"preferred_username":"Ame\u0301lie")")->guest);
    for (const char* bad : {"", R"(,"preferred_username":"")", R"(,"preferred_username":7)",
                            R"(,"preferred_username":"a\u202eb")", R"(,"preferred_username":"a  b")"})
        CHECK_FALSE(with(bad));
}

}  // namespace roomcast::auth
