#include "shared/auth/bcrypt.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include <crypt.h>
#include <openssl/crypto.h>

#include "shared/auth/codec.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

constexpr std::size_t hash_chars = 60;
constexpr std::string_view prefix = "$2b$";

/// What libxcrypt works in, 32 KiB: too much for a stack, and wiped after use.
struct WipeData {
    void operator()(crypt_data* data) const {
        OPENSSL_cleanse(data, sizeof *data);
        delete data;
    }
};

/// Empty if libxcrypt refuses the setting.
std::string crypted(std::string_view password, std::string_view setting) {
    const std::unique_ptr<crypt_data, WipeData> data(new crypt_data{});
    std::string phrase(password);
    const char* made = crypt_rn(phrase.c_str(), std::string(setting).c_str(), data.get(), sizeof *data);
    OPENSSL_cleanse(phrase.data(), phrase.size());
    return made != nullptr ? made : "";
}

bool cost_in_bounds(int cost) {
    return cost >= limits::bcrypt_cost_least && cost <= limits::bcrypt_cost_most;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

/// `$2b$NN$` and 53 characters, or the same as other programs write it (`$2a$`, `$2y$`), with a cost in
/// bounds: what is stored must not make us count for days.
bool is_hash(std::string_view hash) {
    if (hash.size() != hash_chars || hash.substr(0, 2) != "$2" || hash[3] != '$' || hash[6] != '$')
        return false;
    if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y') return false;
    if (!digit(hash[4]) || !digit(hash[5])) return false;
    return cost_in_bounds((hash[4] - '0') * 10 + (hash[5] - '0'));
}

}  // namespace

Result<void> password_allowed(std::string_view password) {
    if (password.empty()) return Error{Errc::bad_password, "the password is empty"};
    if (password.size() > limits::password_bytes)
        return Error{Errc::bad_password, "the password is longer than 72 bytes"};
    if (password.find('\0') != std::string_view::npos)
        return Error{Errc::bad_password, "the password has a zero byte in it"};
    return {};
}

Result<std::string> hash_password(std::string_view password, int cost) {
    if (const auto allowed = password_allowed(password); !allowed) return allowed.error();
    if (!cost_in_bounds(cost)) return Error{Errc::internal, "bcrypt's cost is out of bounds"};
    std::string setting(CRYPT_GENSALT_OUTPUT_SIZE, '\0');
    // Without random bytes from us libxcrypt takes the system's.
    if (crypt_gensalt_rn(prefix.data(), static_cast<unsigned long>(cost), nullptr, 0, setting.data(),
                         static_cast<int>(setting.size())) == nullptr)
        return Error{Errc::internal, "bcrypt got no salt"};
    auto hash = crypted(password, setting);
    if (!is_hash(hash)) return Error{Errc::internal, "bcrypt made no hash"};
    return hash;
}

bool check_password(std::string_view password, std::string_view hash) {
    if (!password_allowed(password) || !is_hash(hash)) return false;
    return same_secret(crypted(password, hash), hash);
}

std::string dummy_hash(int cost) {
    cost = std::clamp(cost, limits::bcrypt_cost_least, limits::bcrypt_cost_most);
    const std::string digits{static_cast<char>('0' + cost / 10), static_cast<char>('0' + cost % 10)};
    return std::string(prefix) + digits + "$Roomcast/has/no/accouO" + "ofThisNameButTakesItsTimeAnd60c";
}

}  // namespace roomcast::auth
