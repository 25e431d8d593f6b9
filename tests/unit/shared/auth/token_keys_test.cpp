// Tokens of a set of keys: what jwt_test.cpp tests with one secret, and the confusions that more keys allow.

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "shared/auth/codec.hpp"
#include "shared/auth/jwt.hpp"
#include "tests/unit/shared/auth/forge_rsa.hpp"

namespace roomcast::auth {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;
const std::string old_secret = "0123456789abcdef0123456789abcdef";
const std::string new_secret = "fedcba9876543210fedcba9876543210";
const std::string good = R"({"iss":"roomcast","aud":"roomcast","sub":"alice","exp":1800000060})";
const std::string good_outside =
    R"({"iss":"https://id.example","aud":"chat","sub":"alice","exp":1800000060})";

Claims alice() { return {UserName::trusted("alice"), false, now_s, now_s + 60, "t1"}; }

/// The legacy secret, "hs", "rs", and "out" of another issuer.
KeySet all_keys() {
    KeySet keys;
    keys.add_legacy(secret_key({}, old_secret));
    keys.add(secret_key("hs", new_secret));
    keys.add(rsa_private_key("rs", forge::rsa_key().private_pem));
    auto outside = rsa_public_key("out", forge::other_rsa_key().n, forge::other_rsa_key().e);
    outside.source = TokenSource::outside;
    keys.add(std::move(outside));
    keys.trust({"https://id.example", "chat", "sub"});
    keys.sign_with("rs");
    return keys;
}

const TokenAuthority& authority() {
    static const TokenAuthority all(all_keys());
    return all;
}

std::string refusal(const std::string& token) {
    const auto claims = authority().verify(token, now_s);
    if (claims) return {};
    CHECK(claims.error().code == Errc::bad_token);
    CHECK_FALSE(claims.error().detail.empty());
    return claims.error().detail;
}

std::string header(std::string_view alg, std::string_view kid, std::string_view more = "") {
    return nlohmann::json{{"alg", alg}, {"kid", kid}}.dump().insert(1, std::string(more));
}

nlohmann::json header_of(const std::string& token) {
    return nlohmann::json::parse(from_base64url(token.substr(0, token.find('.'))).value());
}

}  // namespace

TEST_CASE("the key that signs verifies, and its kid and algorithm stand in the header") {
    for (const char* signer : {"rs", "hs"}) {
        auto keys = all_keys();
        keys.sign_with(signer);
        const TokenAuthority signing(std::move(keys));
        const auto token = signing.issue(alice());
        CHECK(token.size() < token_bytes);
        CHECK(header_of(token)["kid"] == signer);
        CHECK(header_of(token)["alg"] == (signer == std::string("rs") ? "RS256" : "HS256"));
        const auto claims = authority().verify(token, now_s);
        REQUIRE(claims);
        CHECK(claims->user.str() == "alice");
        CHECK(claims->source == TokenSource::own);
        CHECK(claims->token_id == "t1");
    }
}

TEST_CASE("tokens made by another implementation are verified by the key that they name") {
    CHECK(refusal(forge::token(header("RS256", "rs"), good, forge::rsa_key())).empty());
    CHECK(refusal(forge::token(header("HS256", "hs"), good, new_secret)).empty());
    CHECK(refusal(forge::token(R"({"alg":"HS256"})", good, old_secret)).empty());
    const auto outside =
        authority().verify(forge::token(header("RS256", "out"), good_outside, forge::other_rsa_key()), now_s);
    REQUIRE(outside);
    CHECK(outside->source == TokenSource::outside);
}

TEST_CASE("a key that only verifies takes over what was signed before it was retired") {
    const TokenAuthority before(old_secret);
    CHECK(refusal(before.issue(alice())).empty());
    KeySet rotated;
    rotated.add(rsa_public_key("rs", forge::rsa_key().public_pem));
    rotated.add(secret_key("hs", new_secret));
    rotated.sign_with("hs");
    const TokenAuthority after(std::move(rotated));
    CHECK(after.verify(authority().issue(alice()), now_s).ok());
    CHECK_FALSE(after.verify(before.issue(alice()), now_s).ok());
}

TEST_CASE("a token without a kid is tried against the legacy secret alone") {
    CHECK(refusal(forge::token(R"({"alg":"HS256"})", good, new_secret)) == "the token's signature is wrong");
    CHECK(refusal(forge::token(R"({"alg":"RS256"})", good, forge::rsa_key())) ==
          "the token is not signed with HS256");
    KeySet keys;
    keys.add(secret_key("hs", new_secret));
    keys.sign_with("hs");
    const TokenAuthority without_legacy(std::move(keys));
    const auto claims = without_legacy.verify(forge::token(R"({"alg":"HS256"})", good, new_secret), now_s);
    REQUIRE_FALSE(claims);
    CHECK(claims.error().detail == "the token is signed with an unknown key");
}

TEST_CASE("a public RSA key is never taken for an HMAC secret") {
    const auto& key = forge::rsa_key();
    auto without_end = key.public_pem;
    without_end.pop_back();
    for (const auto& public_text : {key.public_pem, without_end, key.n, key.jwk("rs"), key.private_pem})
        for (const char* alg : {"HS256", "HS384", "HS512", "RS256"}) {
            CHECK_FALSE(refusal(forge::token(header(alg, "rs"), good, public_text)).empty());
            CHECK_FALSE(refusal(forge::token(R"({"alg":"HS256"})", good, public_text)).empty());
            CHECK_FALSE(refusal(forge::token(header(alg, "out"), good_outside, public_text)).empty());
        }
    CHECK(refusal(forge::token(header("HS256", "rs"), good, key.public_pem)) ==
          "the token is not signed with RS256");
}

TEST_CASE("the key's own algorithm is the only one, whatever the header says") {
    for (const char* alg : {"none", "None", "NONE", "", "HS256", "HS512", "RS384", "RS512", "PS256", "ES256",
                            "EdDSA", "rs256", "RS256 "})
        CHECK_FALSE(refusal(forge::token(header(alg, "rs"), good, forge::rsa_key())).empty());
    CHECK_FALSE(refusal(forge::token(header("RS512", "rs"), good, forge::rsa_key(), EVP_sha512())).empty());
    CHECK_FALSE(refusal(forge::token(header("RS256", "rs"), good, forge::rsa_key(), EVP_sha512())).empty());
    for (const char* alg : {"none", "RS256", "HS384"})
        CHECK_FALSE(refusal(forge::token(header(alg, "hs"), good, new_secret)).empty());
    for (const char* kid : {"rs", "hs", "out"}) {
        const auto unsigned_token = forge::base64url(header("none", kid)) + "." + forge::base64url(good);
        CHECK_FALSE(refusal(unsigned_token + ".").empty());
        CHECK_FALSE(refusal(unsigned_token).empty());
    }
    for (const char* odd :
         {R"({"kid":"rs"})", R"({"alg":null,"kid":"rs"})", R"({"alg":["RS256"],"kid":"rs"})"})
        CHECK_FALSE(refusal(forge::token(odd, good, forge::rsa_key())).empty());
}

TEST_CASE("a token signed by another key than it names is refused") {
    CHECK(refusal(forge::token(header("RS256", "rs"), good, forge::other_rsa_key())) ==
          "the token's signature is wrong");
    CHECK_FALSE(refusal(forge::token(header("HS256", "hs"), good, old_secret)).empty());
    CHECK_FALSE(refusal(forge::token(header("HS256", "hs"), good, "")).empty());
    auto token = forge::token(header("RS256", "rs"), good, forge::rsa_key());
    const auto dot = token.rfind('.');
    CHECK_FALSE(refusal(token.substr(0, dot + 1) + forge::base64url(std::string(256, '\0'))).empty());
    CHECK_FALSE(refusal(token.substr(0, dot + 1) + "AA").empty());
    const auto mallory =
        forge::base64url(R"({"iss":"roomcast","aud":"roomcast","sub":"mallory","exp":1800000060})");
    CHECK_FALSE(refusal(token.substr(0, token.find('.') + 1) + mallory + token.substr(dot)).empty());
}

TEST_CASE("a kid that names no key is refused, whatever it looks like") {
    for (const std::string& kid :
         {std::string("nobody"), std::string(), std::string("RS"), std::string("rs "), std::string(" rs"),
          std::string("../../../../dev/null"), std::string("/dev/null"), std::string("file:///etc/passwd"),
          std::string("rs' OR '1'='1"), std::string("x' UNION SELECT 'secret';--"), std::string("$(id)"),
          std::string("rs|id"), std::string("rs\0x", 4), std::string("rs\n"), std::string("%s%n"),
          std::string("https://evil.example/jwks.json"), std::string(900, 'k')}) {
        CHECK_FALSE(refusal(forge::token(header("RS256", kid), good, forge::rsa_key())).empty());
        // Also with what such a path or query would yield as the secret.
        for (const char* secret : {"", "secret", "\n"})
            CHECK_FALSE(refusal(forge::token(header("HS256", kid), good, secret)).empty());
        CHECK_FALSE(refusal(forge::token(header("HS256", kid), good, old_secret)).empty());
    }
    for (const char* kid : {"null", "7", "true", R"(["rs"])", R"({"kid":"rs"})"}) {
        CHECK_FALSE(
            refusal(forge::token(R"({"alg":"RS256","kid":)" + std::string(kid) + "}", good, forge::rsa_key()))
                .empty());
        CHECK_FALSE(
            refusal(forge::token(R"({"alg":"HS256","kid":)" + std::string(kid) + "}", good, old_secret))
                .empty());
    }
}

TEST_CASE("a key that the header brings along is not used") {
    const auto& mallory = forge::other_rsa_key();
    for (const auto& more :
         {R"("jwk":)" + mallory.jwk("rs") + ",", std::string(R"("jku":"https://evil.example/jwks.json",)"),
          std::string(R"("x5u":"https://evil.example/cert.pem",)"), std::string(R"("x5c":["AAAA"],)")}) {
        CHECK(refusal(forge::token(header("RS256", "rs", more), good, mallory)) ==
              "the token's signature is wrong");
        CHECK_FALSE(refusal(forge::token(header("RS256", "mallory", more), good, mallory)).empty());
    }
}

TEST_CASE("a critical extension is refused with every key") {
    for (const char* crit : {R"("crit":["b64"],)", R"("crit":[],)", R"("crit":null,)"}) {
        CHECK(refusal(forge::token(header("RS256", "rs", crit), good, forge::rsa_key())) ==
              "the token has a critical extension");
        CHECK_FALSE(refusal(forge::token(header("HS256", "hs", crit), good, new_secret)).empty());
    }
}

TEST_CASE("an outside issuer vouches for its own tokens only, and we for ours") {
    CHECK(refusal(forge::token(header("RS256", "out"), good, forge::other_rsa_key())) ==
          "the token is from another issuer");
    CHECK(refusal(forge::token(header("RS256", "rs"), good_outside, forge::rsa_key())) ==
          "the token is from another issuer");
    CHECK(refusal(forge::token(header("HS256", "hs"), good_outside, new_secret)) ==
          "the token is from another issuer");
}

TEST_CASE("the audience is a text or a list that holds it") {
    const auto with = [](const std::string& aud) {
        return refusal(
            forge::token(header("RS256", "out"),
                         R"({"iss":"https://id.example","sub":"alice","exp":1800000060,"aud":)" + aud + "}",
                         forge::other_rsa_key()));
    };
    CHECK(with(R"("chat")").empty());
    CHECK(with(R"(["chat"])").empty());
    CHECK(with(R"(["mail","chat"])").empty());
    for (const char* aud : {R"("mail")", R"([])", R"(["mail"])", "null", "7", R"([["chat"]])",
                            R"({"chat":"chat"})", R"("chat ")", R"("roomcast")"})
        CHECK(with(aud) == "the token is for another audience");
}

TEST_CASE("an outside token's times are checked as our own are") {
    const auto with = [](const std::string& times) {
        return refusal(forge::token(header("RS256", "out"),
                                    R"({"iss":"https://id.example","aud":"chat","sub":"alice")" + times + "}",
                                    forge::other_rsa_key()));
    };
    CHECK(with(R"(,"exp":1800000001,"nbf":1800000000,"iat":1800000000)").empty());
    CHECK(with("") == "the token has no expiry time");
    CHECK(with(R"(,"exp":1800000000)") == "the token has expired");
    CHECK(with(R"(,"exp":1800000060,"nbf":1800000006)") == "the token is not valid yet");
    CHECK(with(R"(,"exp":1800000060,"iat":1800000005)").empty());
    CHECK(with(R"(,"exp":1800000060,"iat":1800000006)") == "the token was issued in the future");
    CHECK_FALSE(with(R"(,"exp":1800000060,"iat":"now")").empty());
    CHECK_FALSE(with(R"(,"exp":"1800000060")").empty());
}

TEST_CASE("an id that is too long for a token of ours is refused") {
    const auto with = [](std::size_t size) {
        return refusal(
            forge::token(header("HS256", "hs"),
                         R"({"iss":"roomcast","aud":"roomcast","sub":"alice","exp":1800000060,"jti":")" +
                             std::string(size, 'x') + "\"}",
                         new_secret));
    };
    CHECK(with(token_id_bytes).empty());
    CHECK(with(token_id_bytes + 1) == "the token's id is too long");
}

TEST_CASE("the JWKS holds the public halves of our own RSA keys and nothing else") {
    const auto& text = authority().jwks_json();
    const auto jwks = nlohmann::json::parse(text);
    REQUIRE(jwks["keys"].size() == 1);
    const auto& key = jwks["keys"][0];
    CHECK(key == nlohmann::json::parse(forge::rsa_key().jwk("rs")));
    CHECK(key.size() == 6);
    CHECK(TokenAuthority(old_secret).jwks_json() == R"({"keys":[]})");

    // Another server can verify our tokens by it.
    KeySet elsewhere;
    elsewhere.add(secret_key("own", old_secret));
    elsewhere.sign_with("own");
    elsewhere.add(rsa_public_key("rs", key["n"].get<std::string>(), key["e"].get<std::string>()));
    CHECK(TokenAuthority(std::move(elsewhere)).verify(authority().issue(alice()), now_s).ok());
}

TEST_CASE("the kid of a secret is always the same and says nothing of it") {
    const auto kid = secret_key({}, old_secret).kid;
    CHECK(kid.size() == 8);
    CHECK(kid == secret_key({}, old_secret).kid);
    CHECK(kid != secret_key({}, new_secret).kid);
    CHECK(kid.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(header_of(TokenAuthority(old_secret).issue(alice()))["kid"] == kid);
}

TEST_CASE("a derived key is the same at every edge, and another for every label and secret") {
    CHECK(authority().derived_key("a").size() == 32);
    CHECK(authority().derived_key("a") == TokenAuthority(all_keys()).derived_key("a"));
    CHECK(authority().derived_key("a") == TokenAuthority(old_secret).derived_key("a"));
    CHECK(authority().derived_key("a") != authority().derived_key("b"));
    CHECK(authority().derived_key("a") != TokenAuthority(new_secret).derived_key("a"));
}

}  // namespace roomcast::auth
