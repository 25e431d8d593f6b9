#include "shared/auth/jwt.hpp"

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <jwt.h>
#include <nlohmann/json.hpp>

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
JwtHandle decode(const std::string& token, const std::string* secret) {
    jwt_t* jwt = nullptr;
    const int failed = secret != nullptr ? jwt_decode(&jwt, token.c_str(), bytes_of(*secret),
                                                      static_cast<int>(secret->size()))
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

/// libjwt takes names of algorithms in any case; RFC 7515 does not. `crit` names extensions that must be
/// understood.
bool header_accepted(const json& header) {
    const auto alg = header.find("alg");
    return alg != header.end() && *alg == "HS256" && !header.contains("crit");
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

Result<Claims> claims_of(const json& from, std::int64_t now_s) {
    if (string(from, "iss") != token_issuer) return refused("the token is from another issuer");
    if (string(from, "aud") != token_audience) return refused("the token is for another audience");

    Claims claims;
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
        claims.issued_at_s = *issued_at_s;
    }

    auto user = UserName::parse(string(from, "sub"));
    if (!user) return refused("the token names no valid user");
    claims.user = std::move(*user);

    if (const auto guest = from.find("guest"); guest != from.end()) {
        if (!guest->is_boolean()) return refused("the token's guest mark is not true or false");
        claims.guest = guest->get<bool>();
    }
    claims.token_id = string(from, "jti");
    return claims;
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

TokenAuthority::TokenAuthority(std::string secret) : secret_(std::move(secret)) {
    if (secret_.size() < secret_bytes_least || secret_.size() > secret_bytes_most)
        throw std::runtime_error("the token secret must have " + std::to_string(secret_bytes_least) + " to " +
                                 std::to_string(secret_bytes_most) + " bytes");
}

std::string TokenAuthority::issue(const Claims& claims) const {
    if (claims.token_id.size() > token_id_bytes) throw std::runtime_error("the id of a token is too long");
    jwt_t* raw = nullptr;
    if (jwt_new(&raw) != 0) throw std::runtime_error("libjwt made no token");
    const JwtHandle jwt(raw);
    if (jwt_set_alg(raw, JWT_ALG_HS256, bytes_of(secret_), static_cast<int>(secret_.size())) != 0)
        throw std::runtime_error("libjwt does not know HS256");

    add(raw, "iss", std::string(token_issuer));
    add(raw, "aud", std::string(token_audience));
    add(raw, "sub", claims.user.str());
    add(raw, "iat", claims.issued_at_s);
    add(raw, "exp", claims.expires_at_s);
    if (!claims.token_id.empty()) add(raw, "jti", claims.token_id);
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

    // The algorithm is settled before the secret gets near a token that might use it as a key of another
    // kind.
    const std::string text(token);
    const JwtHandle unverified = decode(text, nullptr);
    if (!unverified) return refused("the token is malformed");
    if (!header_accepted(object(jwt_get_headers_json, unverified.get())))
        return refused("the token is not signed with HS256");

    const JwtHandle verified = decode(text, &secret_);
    if (!verified || jwt_get_alg(verified.get()) != JWT_ALG_HS256)
        return refused("the token's signature is wrong");
    return claims_of(object(jwt_get_grants_json, verified.get()), now_s);
}

}  // namespace roomcast::auth
