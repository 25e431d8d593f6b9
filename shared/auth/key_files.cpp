#include "shared/auth/key_files.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

using json = nlohmann::json;
namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& file, const std::string& why) {
    throw std::runtime_error(file + ": " + why);
}

/// Runs what says no file of its own, and names it.
template <class Load>
auto in_file(const std::string& file, Load load) {
    try {
        return load();
    } catch (const std::runtime_error& error) {
        fail(file, error.what());
    }
}

std::string text_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) fail(path, "cannot be read");
    std::string text(limits::token_key_file_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.gcount() == 0 && !file.eof())) fail(path, "cannot be read");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > limits::token_key_file_bytes)
        fail(path, "is larger than " + std::to_string(limits::token_key_file_bytes) + " bytes");
    return text;
}

json keys_in(const std::string& path, json& whole) {
    whole = json::parse(text_in(path), nullptr, false);
    if (!whole.is_object() || !whole.contains("keys") || !whole["keys"].is_array())
        fail(path, R"(is not a JSON object with a list "keys")");
    return whole["keys"];
}

/// Empty where it is missing.
std::string text_of(const json& from, const char* name, const std::string& file) {
    if (!from.is_object()) fail(file, "a key is not an object");
    const auto found = from.find(name);
    if (found == from.end()) return {};
    if (!found->is_string()) fail(file, std::string("\"") + name + "\" is not a string");
    return found->get<std::string>();
}

/// A name with a typing error must not pass for a key that cannot sign.
void require_known(const json& object, std::initializer_list<std::string_view> names,
                   const std::string& file) {
    if (!object.is_object()) fail(file, "a key is not an object");
    for (const auto& [name, value] : object.items())
        if (std::find(names.begin(), names.end(), name) == names.end())
            fail(file, "\"" + name.substr(0, limits::token_kid_bytes) + "\" is not known here");
}

TokenKey own_key(const json& entry, const std::string& file) {
    require_known(entry, {"kid", "alg", "secret_file", "private_key_file", "public_key_file"}, file);
    const auto kid = text_of(entry, "kid", file);
    const auto alg = text_of(entry, "alg", file);
    if (kid.empty()) fail(file, "a key has no kid");
    const auto path_of = [&](const char* name) {
        const auto path = text_of(entry, name, file);
        return path.empty() ? path : (fs::path(file).parent_path() / path).string();
    };
    const auto secret = path_of("secret_file");
    const auto private_pem = path_of("private_key_file");
    const auto public_pem = path_of("public_key_file");
    if (!secret.empty() + !private_pem.empty() + !public_pem.empty() != 1)
        fail(file, "the key " + kid + " needs one of secret_file, private_key_file and public_key_file");
    if (alg != (secret.empty() ? "RS256" : "HS256"))
        fail(file,
             "the key " + kid + R"( needs "alg" "RS256" with an RSA key's file, "HS256" with a secret's)");
    if (!secret.empty()) return secret_key(kid, load_secret(secret));
    if (!private_pem.empty())
        return in_file(private_pem, [&] { return rsa_private_key(kid, text_in(private_pem)); });
    return in_file(public_pem, [&] { return rsa_public_key(kid, text_in(public_pem)); });
}

void add_own(KeySet& keys, const std::string& file) {
    json whole;
    const auto list = keys_in(file, whole);
    require_known(whole, {"keys", "sign_with"}, file);
    const auto signer = text_of(whole, "sign_with", file);
    if (signer.empty()) fail(file, R"(has no "sign_with")");
    for (const auto& entry : list) {
        auto key = own_key(entry, file);
        in_file(file, [&] { keys.add(std::move(key)); });
    }
    in_file(file, [&] { keys.sign_with(signer); });
}

/// Whether it is for verifying RS256; the sets of other issuers hold all sorts of keys. `file` is at fault
/// where a key should not be in a public file at all.
bool of_use(const json& jwk, const std::string& file) {
    const auto type = text_of(jwk, "kty", file);
    if (type == "oct" || text_of(jwk, "alg", file).starts_with("HS"))
        fail(file, "holds a secret (kty oct), which a JWKS must not: whoever reads it could sign");
    if (jwk.contains("d")) fail(file, "holds a private key, which a JWKS must not");
    if (type != "RSA") return false;
    const auto use = text_of(jwk, "use", file);
    const auto alg = text_of(jwk, "alg", file);
    return (use.empty() || use == "sig") && (alg.empty() || alg == "RS256");
}

void add_outside(KeySet& keys, const TokenKeysConfig& config) {
    const auto& file = config.jwks_file;
    if (config.outside_issuer.empty() || config.outside_audience.empty() || config.outside_user_claim.empty())
        fail(file, "an outside issuer needs its issuer, audience and user claim to be set");
    if (config.outside_issuer == token_issuer) fail(file, "the outside issuer cannot be ourselves");
    json whole;
    std::size_t added = 0;
    for (const auto& jwk : keys_in(file, whole)) {
        if (!of_use(jwk, file)) continue;
        const auto kid = text_of(jwk, "kid", file);
        if (kid.empty()) fail(file, "an RSA key has no kid");
        in_file(file, [&] {
            auto key = rsa_public_key(kid, text_of(jwk, "n", file), text_of(jwk, "e", file));
            key.source = TokenSource::outside;
            keys.add(std::move(key));
        });
        ++added;
    }
    if (added == 0) fail(file, "holds no RSA key for RS256");
    keys.trust({config.outside_issuer, config.outside_audience, config.outside_user_claim});
}

}  // namespace

KeySet load_key_set(const TokenKeysConfig& config) {
    KeySet keys;
    if (!config.secret_file.empty()) {
        auto key = secret_key({}, load_secret(config.secret_file));
        const auto kid = key.kid;
        keys.add_legacy(std::move(key));
        keys.sign_with(kid);
    }
    if (!config.keys_file.empty()) add_own(keys, config.keys_file);
    if (!config.jwks_file.empty()) add_outside(keys, config);
    return keys;
}

std::shared_ptr<const TokenAuthority> load_token_authority(const TokenKeysConfig& config) {
    return std::make_shared<const TokenAuthority>(load_key_set(config));
}

}  // namespace roomcast::auth
