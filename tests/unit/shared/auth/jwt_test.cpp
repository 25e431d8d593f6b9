#include "shared/auth/jwt.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/shared/auth/forge.hpp"

namespace roomcast::auth {
namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
const std::string hs256 = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::int64_t now_s = 1'800'000'000;

Claims alice() { return {UserName::trusted("alice"), false, now_s, now_s + 60, "t1"}; }

std::string payload(std::string_view more) {
    return R"({"iss":"roomcast","aud":"roomcast")" + std::string(more) + "}";
}
const std::string good_payload = payload(R"(,"sub":"alice","exp":1800000060)");

/// Why it was refused, or empty when it was not.
std::string refusal(const std::string& token, std::int64_t at_s = now_s) {
    const auto claims = TokenAuthority(secret).verify(token, at_s);
    if (claims) return {};
    CHECK(claims.error().code == Errc::bad_token);
    if (token.size() >= 8) CHECK(claims.error().detail.find(token) == std::string::npos);
    CHECK_FALSE(claims.error().detail.empty());
    return claims.error().detail;
}

std::string refusal_of_payload(std::string_view more) {
    return refusal(forge::token(hs256, payload(more), secret));
}
std::string refusal_of_header(const std::string& header) {
    return refusal(forge::token(header, good_payload, secret));
}

}  // namespace

TEST_CASE("a token that was issued is verified, with every claim it was issued with") {
    const TokenAuthority authority(secret);
    for (const bool guest : {false, true}) {
        Claims claims{UserName::trusted("Алиса \"the 2nd\""), guest, now_s, now_s + 60, "id-7"};
        const auto verified = authority.verify(authority.issue(claims), now_s);
        REQUIRE(verified);
        CHECK(verified->user == claims.user);
        CHECK(verified->guest == guest);
        CHECK(verified->issued_at_s == now_s);
        CHECK(verified->expires_at_s == now_s + 60);
        CHECK(verified->token_id == "id-7");
    }
}

TEST_CASE("a token made by another implementation is verified") {
    CHECK(refusal(forge::token(hs256, good_payload, secret)).empty());
    CHECK(refusal(forge::token(R"({"alg":"HS256"})", good_payload, secret)).empty());
}

TEST_CASE("the longest user name fits into a token") {
    const TokenAuthority authority(secret);
    Claims claims = alice();
    claims.user = UserName::trusted(std::string(64, '"'));
    claims.token_id = std::string(token_id_bytes, 'x');
    const auto token = authority.issue(claims);
    CHECK(token.size() < token_bytes);
    CHECK(authority.verify(token, now_s).ok());
}

TEST_CASE("a token without a signature is refused") {
    const auto body = forge::base64url(good_payload);
    for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
        const auto header = R"({"alg":")" + std::string(alg) + R"("})";
        CHECK_FALSE(refusal(forge::base64url(header) + "." + body + ".").empty());
        CHECK_FALSE(refusal(forge::base64url(header) + "." + body).empty());
        CHECK_FALSE(refusal_of_header(header).empty());
    }
    CHECK_FALSE(refusal(forge::base64url(hs256) + "." + body + ".").empty());
}

TEST_CASE(
    "a token whose header names another algorithm is refused, though an HMAC with our secret is in it") {
    for (const char* alg : {"RS256", "RS512", "ES256", "PS256", "EdDSA"})
        CHECK_FALSE(refusal_of_header(R"({"alg":")" + std::string(alg) + R"("})").empty());
    CHECK(refusal(forge::token(R"({"alg":"HS384"})", good_payload, secret, EVP_sha384())) ==
          "the token is not signed with HS256");
    CHECK(refusal(forge::token(R"({"alg":"HS512"})", good_payload, secret, EVP_sha512())) ==
          "the token is not signed with HS256");
}

TEST_CASE("the algorithm's name is matched exactly, case included") {
    for (const char* alg : {"hs256", "Hs256", "HS256 ", " HS256", "HS256x"})
        CHECK_FALSE(refusal_of_header(R"({"alg":")" + std::string(alg) + R"("})").empty());
    CHECK(refusal_of_header(R"({"alg":"hs256"})") == "the token is not signed with HS256");
    CHECK_FALSE(refusal_of_header(R"({"alg":["HS256"]})").empty());
    CHECK_FALSE(refusal_of_header(R"({"typ":"JWT"})").empty());
}

TEST_CASE("a token with a critical header extension is refused, since none is understood") {
    CHECK_FALSE(refusal_of_header(R"({"alg":"HS256","crit":["b64"],"b64":false})").empty());
}

TEST_CASE("a token whose payload, header or signature was altered is refused") {
    const auto token = TokenAuthority(secret).issue(alice());
    REQUIRE(refusal(token).empty());
    const auto first = token.find('.');
    const auto second = token.rfind('.');
    const auto mallory = forge::base64url(payload(R"(,"sub":"mallory","exp":1800000060)"));
    CHECK(refusal(token.substr(0, first + 1) + mallory + token.substr(second)) ==
          "the token's signature is wrong");

    std::size_t accepted = 0;
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto altered = token;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        if (refusal(altered).empty()) ++accepted;
    }
    CHECK(accepted == 0);
    CHECK_FALSE(refusal(token.substr(0, token.size() - 1)).empty());
    CHECK_FALSE(refusal(token + "A").empty());
    CHECK_FALSE(refusal(token + "=").empty());
}

TEST_CASE("a token signed with another secret is refused") {
    const TokenAuthority other("another-secret-another-secret-32");
    CHECK(refusal(other.issue(alice())) == "the token is signed with an unknown key");
    CHECK(refusal(forge::token(hs256, good_payload, "another-secret-another-secret-32")) ==
          "the token's signature is wrong");
    CHECK_FALSE(refusal(forge::token(hs256, good_payload, "")).empty());
}

TEST_CASE("a token is good until the second before it expires") {
    const auto token = TokenAuthority(secret).issue(alice());
    CHECK(refusal(token, now_s + 59).empty());
    CHECK(refusal(token, now_s + 60) == "the token has expired");
    CHECK(refusal(token, now_s + 1'000'000) == "the token has expired");
}

TEST_CASE("a token without a whole number as its expiry time is refused") {
    CHECK(refusal_of_payload(R"(,"sub":"alice")") == "the token has no expiry time");
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":"1800000060")").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":1800000060.5)").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":null)").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":true)").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":0)").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":-1)").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":99999999999999999999999)").empty());
}

TEST_CASE("a token that is not valid yet is refused, but for a small difference of clocks") {
    const std::string base = R"(,"sub":"alice","exp":1800000060,"nbf":)";
    CHECK(refusal_of_payload(base + std::to_string(now_s)).empty());
    CHECK(refusal_of_payload(base + std::to_string(now_s + token_clock_skew_s)).empty());
    CHECK(refusal_of_payload(base + std::to_string(now_s + token_clock_skew_s + 1)) ==
          "the token is not valid yet");
    CHECK(refusal_of_payload(base + "9223372036854775807") == "the token is not valid yet");
    CHECK(refusal_of_payload(base + "-9223372036854775808").empty());
    CHECK_FALSE(refusal_of_payload(base + R"("soon")").empty());
}

TEST_CASE("a token of another issuer or for another audience is refused") {
    const std::string rest = R"(,"sub":"alice","exp":1800000060})";
    const auto with = [&](const std::string& start) {
        return refusal(forge::token(hs256, start + rest, secret));
    };
    CHECK(with(R"({"iss":"evil","aud":"roomcast")") == "the token is from another issuer");
    CHECK(with(R"({"aud":"roomcast")") == "the token is from another issuer");
    CHECK(with(R"({"iss":"roomcast","aud":"mail")") == "the token is for another audience");
    CHECK(with(R"({"iss":"roomcast")") == "the token is for another audience");
    CHECK_FALSE(with(R"({"iss":"ROOMCAST","aud":"roomcast")").empty());
    CHECK(with(R"({"iss":"roomcast","aud":["mail","roomcast"])").empty());
    CHECK_FALSE(with(R"({"iss":"roomcast","aud":["mail"])").empty());
}

TEST_CASE("a token without a valid user name is refused") {
    const std::string rest = R"(,"exp":1800000060)";
    CHECK(refusal_of_payload(rest) == "the token names no valid user");
    for (const char* user :
         {R"("")", R"(" alice")", R"("a\nb")", R"("a\u0000b")", "7", "null", R"(["alice"])"})
        CHECK_FALSE(refusal_of_payload(rest + R"(,"sub":)" + user).empty());
    CHECK_FALSE(refusal_of_payload(rest + R"(,"sub":")" + std::string(65, 'a') + R"(")").empty());
}

TEST_CASE("a token whose other claims are of the wrong kind is refused") {
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":1800000060,"guest":"yes")").empty());
    CHECK_FALSE(refusal_of_payload(R"(,"sub":"alice","exp":1800000060,"iat":"now")").empty());
}

TEST_CASE("garbage is refused, of any length") {
    for (const std::string text :
         {"", ".", "..", "...", "a.b.c", "a.b", "a..c", ".b.c", "a.b.", "a.b.c.d", "{}", "bearer", "a b.c.d"})
        CHECK_FALSE(refusal(text).empty());
    CHECK_FALSE(refusal(std::string(100, '\0')).empty());
    CHECK_FALSE(refusal(std::string(100 * 1024, 'a')).empty());
    CHECK_FALSE(refusal(std::string(100 * 1024, '.')).empty());
    CHECK_FALSE(refusal(forge::token("[1]", good_payload, secret)).empty());
    CHECK_FALSE(refusal(forge::token("not json", good_payload, secret)).empty());
    CHECK_FALSE(refusal(forge::token(hs256, "not json", secret)).empty());
    CHECK_FALSE(refusal(forge::token(hs256, std::string(1000, '['), secret)).empty());
}

TEST_CASE("nothing may follow a good token, not even behind a zero byte") {
    const auto token = TokenAuthority(secret).issue(alice());
    for (const std::string& tail :
         {std::string(1, '\0'), std::string("\0.x", 3), std::string(" "), std::string("\n")})
        CHECK(refusal(token + tail) == "the token is malformed");
}

TEST_CASE("a token above the limit is refused, though it is signed well") {
    const auto of_pad = [](std::size_t pad) {
        return forge::token(
            hs256, payload(R"(,"sub":"alice","exp":1800000060,"pad":")" + std::string(pad, 'x') + R"(")"),
            secret);
    };
    CHECK(of_pad(1300).size() < token_bytes);
    CHECK(refusal(of_pad(1300)).empty());
    CHECK(of_pad(1500).size() > token_bytes);
    CHECK(refusal(of_pad(1500)) == "the token is too long");
    CHECK(refusal(of_pad(100 * 1024)) == "the token is too long");
}

TEST_CASE("claims that cannot be said in a token are an exception, not a bad token") {
    const TokenAuthority authority(secret);
    Claims claims = alice();
    claims.token_id = std::string(token_id_bytes + 1, 'x');
    CHECK_THROWS_AS((void)authority.issue(claims), std::runtime_error);
    claims.token_id = "\xff";
    CHECK_THROWS_AS((void)authority.issue(claims), std::runtime_error);
}

TEST_CASE("many threads verify and issue with one authority") {
    const TokenAuthority authority(secret);
    const auto token = authority.issue(alice());
    std::vector<int> good(4);
    {
        std::vector<std::jthread> threads;
        threads.reserve(good.size());
        for (int& count : good)
            threads.emplace_back([&authority, &token, &count] {
                for (int i = 0; i < 200; ++i)
                    if (authority.verify(token, now_s) && authority.issue(alice()) == token) ++count;
            });
    }
    CHECK(std::all_of(good.begin(), good.end(), [](int count) { return count == 200; }));
}

TEST_CASE("a secret below 32 bytes stops the start") {
    CHECK_THROWS_AS(TokenAuthority(std::string(31, 'x')), std::runtime_error);
    CHECK_THROWS_AS(TokenAuthority(""), std::runtime_error);
    CHECK_NOTHROW(TokenAuthority(std::string(32, 'x')));
}

TEST_CASE("a secret is read from a file without the white space around it, and checked for its length") {
    std::string directory = (std::filesystem::temp_directory_path() / "roomcast-secret-XXXXXX").string();
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    const auto path = directory + "/jwt.secret";
    const auto load = [&](const std::string& content) {
        std::ofstream(path, std::ios::binary) << content;
        return load_secret(path);
    };
    CHECK(load(" \t" + secret + "\r\n\n") == secret);
    const std::string raw = "\x01\xff" + std::string(40, '\0') + "\x02";
    CHECK(load(raw) == raw);
    CHECK_THROWS_AS((void)load(""), std::runtime_error);
    CHECK_THROWS_AS((void)load(" \n "), std::runtime_error);
    CHECK_THROWS_AS((void)load(std::string(31, 'x') + "\n\n\n"), std::runtime_error);
    CHECK_THROWS_AS((void)load(std::string(secret_bytes_most + 1, 'x')), std::runtime_error);
    CHECK_THROWS_AS((void)load_secret(directory + "/absent"), std::runtime_error);
    CHECK_THROWS_AS((void)load_secret(directory), std::runtime_error);
    std::filesystem::remove_all(directory);
}

}  // namespace roomcast::auth
