#include "shared/auth/key_set.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "shared/core/limits.hpp"

namespace roomcast::auth {

void KeySet::add(TokenKey key) {
    if (find(key.kid) != nullptr)
        throw std::runtime_error("there are two token keys with the kid " + key.kid);
    if (keys_.size() >= limits::token_keys)
        throw std::runtime_error("there are more than " + std::to_string(limits::token_keys) + " token keys");
    keys_.push_back(std::move(key));
}

void KeySet::add_legacy(TokenKey key) {
    if (legacy_ != none || key.algorithm != KeyAlgorithm::hs256 || key.source != TokenSource::own)
        throw std::runtime_error("tokens without a kid are for one secret of our own");
    add(std::move(key));
    legacy_ = keys_.size() - 1;
}

void KeySet::sign_with(std::string_view kid) {
    const auto* key = find(kid);
    if (key == nullptr) throw std::runtime_error("no token key has the kid that signs: " + std::string(kid));
    if (key->sign_with.empty() || key->source != TokenSource::own)
        throw std::runtime_error("the token key " + key->kid + " cannot sign: only a public key is there");
    signer_ = static_cast<std::size_t>(key - keys_.data());
}

const TokenKey* KeySet::find(std::string_view kid) const {
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [&](const TokenKey& key) { return key.kid == kid; });
    return found == keys_.end() ? nullptr : &*found;
}

const TokenKey* KeySet::legacy() const { return legacy_ == none ? nullptr : &keys_[legacy_]; }
const TokenKey* KeySet::signer() const { return signer_ == none ? nullptr : &keys_[signer_]; }

std::string KeySet::jwks_json() const {
    std::string list;
    for (const auto& key : keys_) {
        if (key.jwk.empty() || key.source != TokenSource::own) continue;
        if (!list.empty()) list += ",";
        list += key.jwk;
    }
    return R"({"keys":[)" + list + "]}";
}

}  // namespace roomcast::auth
