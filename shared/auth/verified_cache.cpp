#include "shared/auth/verified_cache.hpp"

#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "shared/auth/codec.hpp"

namespace roomcast::auth {

VerifiedCache::VerifiedCache(std::size_t capacity) : capacity_(capacity), key_(sha256_bytes, '\0') {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(key_.data()), static_cast<int>(key_.size())) != 1)
        throw std::runtime_error("the system gave no random bytes");
}

std::string VerifiedCache::mac_of(std::string_view password, std::string_view hash) const {
    // A hash has no zero byte, so where it ends is certain.
    std::string pair(hash);
    pair.push_back('\0');
    pair.reserve(pair.size() + password.size());
    pair.append(password);
    auto mac = hmac_sha256(key_, pair);
    OPENSSL_cleanse(pair.data(), pair.size());
    return mac;
}

bool VerifiedCache::has(std::string_view password, std::string_view hash) {
    if (capacity_ == 0 || by_mac_.empty()) return false;
    const auto found = by_mac_.find(mac_of(password, hash));
    if (found == by_mac_.end()) return false;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return true;
}

void VerifiedCache::add(std::string_view password, std::string_view hash) {
    if (capacity_ == 0 || has(password, hash)) return;
    if (by_mac_.size() >= capacity_) {
        by_mac_.erase(by_use_.back());
        by_use_.pop_back();
    }
    by_use_.push_front(mac_of(password, hash));
    by_mac_.emplace(by_use_.front(), by_use_.begin());
}

}  // namespace roomcast::auth
