#include "shared/auth/key_files.hpp"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/unit/shared/auth/forge_rsa.hpp"

namespace roomcast::auth {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;
const std::string secret = "0123456789abcdef0123456789abcdef";

/// A folder of files that is gone with the test.
class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "roomcast-keys-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return of(name);
    }
    [[nodiscard]] std::string of(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// What loading says, or empty if it succeeds. It is one line and holds nothing of a key.
std::string complaint(const TokenKeysConfig& config) {
    try {
        (void)load_token_authority(config);
        return {};
    } catch (const std::runtime_error& error) {
        std::string text = error.what();
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text.find(secret) == std::string::npos);
        CHECK(text.find("BEGIN") == std::string::npos);
        CHECK(text.size() < 400);
        return text;
    }
}

std::string of_keys(const Folder& folder, const std::string& text) {
    return complaint({.keys_file = folder.write("keys.json", text)});
}

bool says(const std::string& text, std::string_view part) {
    CAPTURE(text);
    CAPTURE(part);
    const bool found = text.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

/// As many keys as a rotation has.
Folder& full_folder() {
    static Folder folder;
    folder.write("a.secret", secret + "\n");
    folder.write("b.pem", forge::rsa_key().private_pem);
    folder.write("c.pub.pem", forge::other_rsa_key().public_pem);
    folder.write("keys.json", R"({"sign_with":"k2","keys":[
        {"kid":"k2","alg":"RS256","private_key_file":"b.pem"},
        {"kid":"k1","alg":"HS256","secret_file":"a.secret"},
        {"kid":"k0","alg":"RS256","public_key_file":"c.pub.pem"}]})");
    return folder;
}

}  // namespace

TEST_CASE("a secret file alone signs and verifies, tokens without a kid too") {
    const Folder folder;
    const auto authority = load_token_authority({.secret_file = folder.write("secret", secret + "\n")});
    const auto token = authority->issue({UserName::trusted("alice"), false, now_s, now_s + 60, {}});
    CHECK(authority->verify(token, now_s).ok());
    CHECK(TokenAuthority(secret).verify(token, now_s).ok());
    CHECK(authority
              ->verify(
                  forge::token(R"({"alg":"HS256"})",
                               R"({"iss":"roomcast","aud":"roomcast","sub":"a","exp":1800000060})", secret),
                  now_s)
              .ok());
}

TEST_CASE("a keys file names the keys beside it, and which one signs") {
    const auto authority = load_token_authority({.keys_file = full_folder().of("keys.json")});
    const auto token = authority->issue({UserName::trusted("alice"), false, now_s, now_s + 60, {}});
    CHECK(authority->verify(token, now_s).ok());
    const std::string payload = R"({"iss":"roomcast","aud":"roomcast","sub":"a","exp":1800000060})";
    CHECK(authority->verify(forge::token(R"({"alg":"RS256","kid":"k2"})", payload, forge::rsa_key()), now_s)
              .ok());
    CHECK(authority->verify(forge::token(R"({"alg":"HS256","kid":"k1"})", payload, secret), now_s).ok());
    CHECK(authority
              ->verify(forge::token(R"({"alg":"RS256","kid":"k0"})", payload, forge::other_rsa_key()), now_s)
              .ok());
    CHECK_FALSE(authority->verify(forge::token(R"({"alg":"HS256"})", payload, secret), now_s).ok());
    CHECK(authority->jwks_json().find("\"k2\"") != std::string::npos);
    CHECK(authority->jwks_json().find("\"k0\"") != std::string::npos);
    CHECK(authority->jwks_json().find("\"k1\"") == std::string::npos);
}

TEST_CASE("with a keys file the secret file's key still verifies, and no longer signs") {
    const Folder folder;
    const std::string other(40, 'x');
    const auto authority = load_token_authority(
        {.secret_file = folder.write("secret", other), .keys_file = full_folder().of("keys.json")});
    const Claims alice{UserName::trusted("alice"), false, now_s, now_s + 60, {}};
    CHECK(authority->verify(TokenAuthority(other).issue(alice), now_s).ok());
    CHECK_FALSE(TokenAuthority(other).verify(authority->issue(alice), now_s).ok());
}

TEST_CASE("without a key that signs there is no authority") {
    CHECK(complaint({}) == "there is no key to sign tokens with");
}

TEST_CASE("a keys file that is wrong is told in one line") {
    const Folder folder;
    folder.write("a.secret", secret);
    folder.write("short.secret", "short");
    folder.write("b.pem", forge::rsa_key().private_pem);
    folder.write("b.pub.pem", forge::rsa_key().public_pem);
    folder.write("no.pem", "no pem");
    folder.write("locked.pem", forge::rsa_key().locked_pem("passphrase"));
    folder.write("weak.pem", forge::RsaKey(1024).private_pem);
    says(complaint({.keys_file = folder.of("missing.json")}), "missing.json: cannot be read");
    for (const char* text : {"", "no json", "[]", "{}", R"({"keys":{}})", R"({"keys":7,"sign_with":"a"})"})
        says(of_keys(folder, text), R"(is not a JSON object with a list "keys")");
    const auto with = [&](const std::string& keys, const std::string& signer = "a") {
        return of_keys(folder, R"({"sign_with":")" + signer + R"(","keys":[)" + keys + "]}");
    };
    const std::string good = R"({"kid":"a","alg":"HS256","secret_file":"a.secret"})";
    CHECK(with(good).empty());
    says(of_keys(folder, R"({"keys":[]})"), R"(has no "sign_with")");
    says(with(""), "no token key has the kid that signs: a");
    says(with(good, "b"), "no token key has the kid that signs: b");
    says(with(good + "," + good), "two token keys with the kid a");
    says(with("7"), "a key is not an object");
    says(with(R"({"alg":"HS256","secret_file":"a.secret"})"), "a key has no kid");
    says(with(R"({"kid":7,"alg":"HS256","secret_file":"a.secret"})"), "\"kid\" is not a string");
    says(with(R"({"kid":"a b","alg":"HS256","secret_file":"a.secret"})"), "kid is not");
    says(with(R"({"kid":"a","alg":"HS256"})"), "the key a needs one of");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"b.pem","public_key_file":"b.pub.pem"})"),
         "needs one of");
    says(with(R"({"kid":"a","alg":"HS256","secret":"0123456789abcdef0123456789abcdef"})"),
         "\"secret\" is not known");
    says(with(R"({"kid":"a","secret_file":"a.secret"})"), "needs \"alg\"");
    says(with(R"({"kid":"a","alg":"none","secret_file":"a.secret"})"), "needs \"alg\"");
    says(with(R"({"kid":"a","alg":"RS256","secret_file":"a.secret"})"), "needs \"alg\"");
    says(with(R"({"kid":"a","alg":"HS256","public_key_file":"b.pub.pem"})"), "needs \"alg\"");
    says(with(R"({"kid":"a","alg":"HS256","secret_file":"short.secret"})"), "is shorter than 32 bytes");
    says(with(R"({"kid":"a","alg":"HS256","secret_file":"missing"})"), "cannot read the token secret");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"missing"})"), "missing: cannot be read");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"no.pem"})"),
         "no.pem: the token key a cannot be read");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"locked.pem"})"), "needs a passphrase");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"b.pub.pem"})"), "cannot be read");
    says(with(R"({"kid":"a","alg":"RS256","public_key_file":"b.pem"})"), "cannot be read");
    says(with(R"({"kid":"a","alg":"RS256","private_key_file":"weak.pem"})"),
         "has 1024 bits, not 2048 to 4096");
    says(with(R"({"kid":"a","alg":"RS256","public_key_file":"b.pub.pem"})"), "cannot sign");
    says(of_keys(folder, std::string(limits::token_key_file_bytes + 1, ' ')), "is larger than");
}

TEST_CASE("a key that is no RSA key is refused") {
    const Folder folder;
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> curve(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_PrivateKey(bio.get(), curve.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    folder.write("ec.pem", std::string(data, static_cast<std::size_t>(size)));
    says(of_keys(folder,
                 R"({"sign_with":"a","keys":[{"kid":"a","alg":"RS256","private_key_file":"ec.pem"}]})"),
         "is not an RSA key");
}

TEST_CASE("an outside issuer's JWKS brings its RSA keys and leaves the others") {
    const Folder folder;
    const auto& key = forge::other_rsa_key();
    const TokenKeysConfig config{
        .secret_file = folder.write("secret", secret),
        .jwks_file = folder.write("jwks.json",
                                  R"({"keys":[)" + key.jwk("out") + "," + forge::rsa_key().jwk("bare", "") +
                                      R"(,{"kty":"EC","crv":"P-256","kid":"ec","x":"AA","y":"AA"},)" +
                                      forge::rsa_key().jwk("enc", R"(,"use":"enc")") + "," +
                                      forge::rsa_key().jwk("rs512", R"(,"alg":"RS512")") + R"(],"more":1})"),
        .outside_issuer = "https://id.example",
        .outside_audience = "chat"};
    const auto authority = load_token_authority(config);
    const std::string payload = R"({"iss":"https://id.example","aud":"chat","sub":"alice","exp":1800000060})";
    const auto verified = [&](const std::string& kid, const forge::RsaKey& by) {
        return authority->verify(forge::token(R"({"alg":"RS256","kid":")" + kid + "\"}", payload, by), now_s)
            .ok();
    };
    CHECK(verified("out", key));
    CHECK(verified("bare", forge::rsa_key()));
    CHECK_FALSE(verified("out", forge::rsa_key()));
    CHECK_FALSE(verified("enc", forge::rsa_key()));
    CHECK_FALSE(verified("rs512", forge::rsa_key()));
    CHECK(authority->jwks_json() == R"({"keys":[]})");
}

TEST_CASE("a JWKS that is wrong is told in one line") {
    const Folder folder;
    folder.write("secret", secret);
    TokenKeysConfig config{.secret_file = folder.of("secret"),
                           .jwks_file = {},
                           .outside_issuer = "https://id.example",
                           .outside_audience = "chat"};
    const auto with = [&](const std::string& keys) {
        config.jwks_file = folder.write("jwks.json", R"({"keys":[)" + keys + "]}");
        return complaint(config);
    };
    const auto& key = forge::rsa_key();
    CHECK(with(key.jwk("out")).empty());
    says(with(""), "holds no RSA key for RS256");
    says(with(R"({"kty":"oct","kid":"a","k":"AAAA"})"), "holds a secret");
    says(with(key.jwk("a") + R"(,{"kty":"oct","kid":"b","k":"AAAA"})"), "holds a secret");
    says(with(key.jwk("a", R"(,"alg":"HS256")")), "holds a secret");
    says(with(key.jwk("a", R"(,"d":"AQAB")")), "holds a private key");
    says(with(forge::RsaKey(1024).jwk("a")), "has 1024 bits");
    says(with(key.jwk("")), "has no kid");
    says(with(key.jwk("a") + "," + key.jwk("a")), "two token keys with the kid a");
    says(with(key.jwk(secret_key({}, secret).kid)), "two token keys with the kid");
    says(with("[]"), "a key is not an object");
    says(with(R"({"kty":"RSA","kid":"a","n":7,"e":"AQAB"})"), "\"n\" is not a string");
    for (const char* n : {"", "AQAB=", "?", "AAAA"})
        CHECK_FALSE(with(R"({"kty":"RSA","kid":"a","n":")" + std::string(n) + R"(","e":"AQAB"})").empty());
    for (const char* e : {"", "AQ", "AA", "Ag", "????"})  // none, 1, 0, 2
        CHECK_FALSE(with(R"({"kty":"RSA","kid":"a","n":")" + key.n + R"(","e":")" + e + "\"}").empty());
    CHECK_FALSE(
        with(R"({"kty":"RSA","kid":"a","n":")" + std::string(100'000, 'A') + R"(","e":"AQAB"})").empty());

    config.outside_issuer = "";
    says(with(key.jwk("out")), "needs its issuer, audience and user claim");
    config.outside_issuer = "roomcast";
    says(with(key.jwk("out")), "cannot be ourselves");
    config.outside_issuer = "https://id.example";
    config.outside_audience = "";
    says(with(key.jwk("out")), "needs its issuer, audience and user claim");
}

}  // namespace roomcast::auth
