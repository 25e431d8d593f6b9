#include "shared/auth/jwt.hpp"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <jwt.h>
#include <nlohmann/json.hpp>

#include "shared/auth/codec.hpp"
#include "shared/core/names.hpp"

namespace roomcast::auth {
namespace {

using json = nlohmann::json;

struct FreeJwt {
    void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
struct FreeText {
    void operator()(char* text) const {
        std::free(text);
    }  // NOLINT(cppcoreguidelines-no-malloc): libjwt's malloc
};
using JwtHandle = std::unique_ptr<jwt_t, FreeJwt>;
using TextHandle = std::unique_ptr<char, FreeText>;

Error refused(const char* why) { return Error{Errc::bad_token, why}; }

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Three parts of base64url, the only form in which libjwt, which wants a C string, gets to see a token.
bool well_formed(std::string_view token) {
    int dots = 0;
    for (const char c : token) {
        const bool base64url = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '-' || c == '_';
        if (c == '.') ++dots;
        if (!base64url && c != '.') return false;
    }
    return dots == 2 && token.front() != '.' && token.back() != '.' &&
           token.find("..") == std::string_view::npos;
}

/// Without a key libjwt only parses.
JwtHandle decode(const std::string& token, const std::string* key) {
    jwt_t* jwt = nullptr;
    const int failed = key != nullptr
                           ? jwt_decode(&jwt, token.c_str(), bytes_of(*key), static_cast<int>(key->size()))
                           : jwt_decode(&jwt, token.c_str(), nullptr, 0);
    JwtHandle handle(jwt);
    if (failed != 0) handle.reset();
    return handle;
}

/// The header or the claims as one object. libjwt's own getters do not tell a missing value from one of the
/// wrong kind.
json object(char* (*get)(jwt_t*, const char*), jwt_t* jwt) {
    const TextHandle text(get(jwt, nullptr));
    json parsed = text ? json::parse(text.get(), nullptr, false) : json();
    return parsed.is_object() ? parsed : json::object();
}

jwt_alg_t libjwt_name_of(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::rs256 ? JWT_ALG_RS256 : JWT_ALG_HS256;
}

/// The key that the header names, if the header fits it. A `kid` is compared and nothing else, so it may be
/// any text; keys that a header brings along (`jwk`, `jku`, `x5c`) are not looked at. `crit` names extensions
/// that must be understood. libjwt takes names of algorithms in any case; RFC 7515 does not.
Result<const TokenKey*> key_for(const json& header, const KeySet& keys) {
    if (header.contains("crit")) return refused("the token has a critical extension");
    const TokenKey* key = keys.legacy();
    if (const auto kid = header.find("kid"); kid != header.end()) {
        if (!kid->is_string()) return refused("the token's kid is no text");
        key = keys.find(kid->get_ref<const std::string&>());
    }
    if (key == nullptr) return refused("the token is signed with an unknown key");
    const auto alg = header.find("alg");
    if (alg == header.end() || *alg != name_of(key->algorithm))
        return Error{Errc::bad_token, "the token is not signed with " + std::string(name_of(key->algorithm))};
    return key;
}

/// None when it is missing or no integer.
std::optional<std::int64_t> integer(const json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
    return found->get<std::int64_t>();
}

/// Empty when it is missing or no string.
std::string_view string(const json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

/// RFC 7519 4.1.3: one audience, or a list of them.
bool is_for(const json& claims, std::string_view audience) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return false;
    if (!found->is_array()) return *found == audience;
    for (const auto& one : *found)
        if (one == audience) return true;
    return false;
}

/// The times, or why the token does not count now.
Result<void> read_times(const json& from, std::int64_t now_s, Claims& claims) {
    const auto expires_at_s = integer(from, "exp");
    if (!expires_at_s) return refused("the token has no expiry time");
    if (now_s >= *expires_at_s) return refused("the token has expired");
    claims.expires_at_s = *expires_at_s;

    if (from.contains("nbf")) {
        const auto not_before_s = integer(from, "nbf");
        if (!not_before_s || *not_before_s > now_s + token_clock_skew_s)
            return refused("the token is not valid yet");
    }
    if (from.contains("iat")) {
        const auto issued_at_s = integer(from, "iat");
        if (!issued_at_s) return refused("the token's issue time is not a number");
        if (*issued_at_s > now_s + token_clock_skew_s) return refused("the token was issued in the future");
        claims.issued_at_s = *issued_at_s;
    }
    return {};
}

/// Names of our own were normalized when the account was made; another issuer's are not.
std::optional<UserName> user_of(std::string_view text, TokenSource source) {
    if (source == TokenSource::own) return UserName::parse(text);
    auto name = parse_user_name(text);
    return name ? std::optional<UserName>(std::move(*name)) : std::nullopt;
}

Result<Claims> claims_of(const json& from, std::int64_t now_s, TokenSource source,
                         const OutsideIssuer& outside) {
    const bool own = source == TokenSource::own;
    if (string(from, "iss") != (own ? token_issuer : std::string_view(outside.issuer)))
        return refused("the token is from another issuer");
    if (!is_for(from, own ? token_audience : std::string_view(outside.audience)))
        return refused("the token is for another audience");

    Claims claims;
    claims.source = source;
    if (const auto times = read_times(from, now_s, claims); !times) return times.error();

    auto user = user_of(string(from, own ? "sub" : outside.user_claim.c_str()), source);
    if (!user) return refused("the token names no valid user");
    claims.user = std::move(*user);

    // Another issuer's `guest`, if it has one, is not our mark.
    if (const auto guest = from.find("guest"); own && guest != from.end()) {
        if (!guest->is_boolean()) return refused("the token's guest mark is not true or false");
        claims.guest = guest->get<bool>();
    }
    claims.token_id = string(from, "jti");
    claims.account_id = own ? std::string(string(from, "aid")) : std::string(outside_account);
    if (claims.token_id.size() > token_id_bytes || claims.account_id.size() > token_id_bytes)
        return refused("the token's id is too long");
    return claims;
}

KeySet only(std::string secret) {
    KeySet keys;
    auto key = secret_key({}, std::move(secret));
    const auto kid = key.kid;
    keys.add_legacy(std::move(key));
    keys.sign_with(kid);
    return keys;
}

void add(jwt_t* jwt, const char* name, const std::string& value) {
    if (value.find('\0') != std::string::npos || jwt_add_grant(jwt, name, value.c_str()) != 0)
        throw std::runtime_error(std::string("cannot write the claim ") + name + " into a token");
}

void add(jwt_t* jwt, const char* name, std::int64_t value) {
    if (jwt_add_grant_int(jwt, name, value) != 0)
        throw std::runtime_error(std::string("cannot write the claim ") + name + " into a token");
}

}  // namespace

std::string load_secret(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read the token secret from " + path);
    std::string secret(secret_bytes_most + 1, '\0');
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (file.bad() || (file.gcount() == 0 && !file.eof()))
        throw std::runtime_error("cannot read the token secret from " + path);
    secret.resize(static_cast<std::size_t>(file.gcount()));
    if (secret.size() > secret_bytes_most)
        throw std::runtime_error("the token secret in " + path + " is longer than " +
                                 std::to_string(secret_bytes_most) + " bytes");

    const std::string_view white = " \t\r\n\v\f";
    const auto first = secret.find_first_not_of(white);
    if (first == std::string::npos) throw std::runtime_error("the token secret in " + path + " is empty");
    secret = secret.substr(first, secret.find_last_not_of(white) - first + 1);
    if (secret.size() < secret_bytes_least)
        throw std::runtime_error("the token secret in " + path + " is shorter than " +
                                 std::to_string(secret_bytes_least) + " bytes");
    return secret;
}

TokenAuthority::TokenAuthority(std::string secret) : TokenAuthority(only(std::move(secret))) {}

TokenAuthority::TokenAuthority(KeySet keys) : keys_(std::move(keys)), jwks_json_(keys_.jwks_json()) {
    if (keys_.signer() == nullptr) throw std::runtime_error("there is no key to sign tokens with");
}

std::string TokenAuthority::issue(const Claims& claims) const {
    if (claims.token_id.size() > token_id_bytes) throw std::runtime_error("the id of a token is too long");
    jwt_t* raw = nullptr;
    if (jwt_new(&raw) != 0) throw std::runtime_error("libjwt made no token");
    const JwtHandle jwt(raw);
    const auto& key = *keys_.signer();
    if (jwt_set_alg(raw, libjwt_name_of(key.algorithm), bytes_of(key.sign_with),
                    static_cast<int>(key.sign_with.size())) != 0 ||
        jwt_add_header(raw, "kid", key.kid.c_str()) != 0)
        throw std::runtime_error("libjwt does not take the key that signs");

    add(raw, "iss", std::string(token_issuer));
    add(raw, "aud", std::string(token_audience));
    add(raw, "sub", claims.user.str());
    add(raw, "iat", claims.issued_at_s);
    add(raw, "exp", claims.expires_at_s);
    if (!claims.token_id.empty()) add(raw, "jti", claims.token_id);
    if (!claims.account_id.empty()) add(raw, "aid", claims.account_id);
    if (claims.guest && jwt_add_grant_bool(raw, "guest", 1) != 0)
        throw std::runtime_error("cannot write the claim guest into a token");

    const TextHandle text(jwt_encode_str(raw));
    if (!text) throw std::runtime_error("libjwt did not sign a token");
    return text.get();
}

Result<Claims> TokenAuthority::verify(std::string_view token, std::int64_t now_s) const {
    if (token.empty()) return refused("there is no token");
    if (token.size() > token_bytes) return refused("the token is too long");
    if (!well_formed(token)) return refused("the token is malformed");

    // The key and its algorithm are settled before the key gets near a token that might use it as one of
    // another kind.
    const std::string text(token);
    const JwtHandle unverified = decode(text, nullptr);
    if (!unverified) return refused("the token is malformed");
    const auto found = key_for(object(jwt_get_headers_json, unverified.get()), keys_);
    if (!found) return found.error();
    const TokenKey& key = **found;

    const JwtHandle verified = decode(text, &key.verify_with);
    if (!verified || jwt_get_alg(verified.get()) != libjwt_name_of(key.algorithm))
        return refused("the token's signature is wrong");
    return claims_of(object(jwt_get_grants_json, verified.get()), now_s, key.source, keys_.outside());
}

std::string TokenAuthority::derived_key(std::string_view label) const {
    const auto* key = keys_.legacy() != nullptr ? keys_.legacy() : keys_.signer();
    return hmac_sha256(key->sign_with, "roomcast derived key: " + std::string(label));
}

}  // namespace roomcast::auth
