// Tokens. The first byte says what the rest is: a token as it stands, or a header and claims (JSON, one a
// line) that are signed here with the right secret, so that what lies behind the signature is reached too.

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "shared/auth/jwt.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::auth {
namespace {

using fuzz::require;
const std::string secret = "a secret for fuzzing, known to all";
constexpr std::int64_t now_s = 1'800'000'000;

std::string base64url(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string signature_of(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &length);
    return base64url({reinterpret_cast<const char*>(digest.data()), length});
}

std::string signed_token(std::string_view header, std::string_view claims) {
    const std::string text = base64url(header) + '.' + base64url(claims);
    return text + '.' + signature_of(text);
}

/// What every token that is accepted keeps.
void check_accepted(const TokenAuthority& authority, const std::string& token, const Claims& claims) {
    require(UserName::parse(claims.user.str()).has_value(), "the user has a user's name");
    require(claims.expires_at_s > now_s, "the token has not run out");
    require(!authority.verify(token, claims.expires_at_s), "in the second of its expiry it is refused");
    require(!TokenAuthority("another secret, which is as long as it").verify(token, now_s),
            "another secret refuses it");
    const std::size_t dot = token.rfind('.');
    require(token.substr(dot + 1) == signature_of(token.substr(0, dot)), "its signature is the one over it");
    for (const std::size_t at : {std::size_t{0}, dot - 1, dot + 1}) {
        std::string altered = token;
        altered[at] = altered[at] == 'A' ? 'B' : 'A';
        require(!authority.verify(altered, now_s), "with another byte it is refused");
    }
    if (claims.token_id.size() > token_id_bytes) return;
    const auto again = authority.verify(authority.issue(claims), now_s);
    require(again.ok(), "its claims, issued anew, are accepted");
    require(again->user == claims.user && again->guest == claims.guest &&
                again->issued_at_s == claims.issued_at_s && again->expires_at_s == claims.expires_at_s &&
                again->token_id == claims.token_id,
            "and are the same");
}

void check(fuzz::Input input) {
    static const TokenAuthority authority(secret);
    const bool sign = (input.byte() & 1) != 0;
    std::string token = input.rest();
    if (sign) {
        const std::size_t end = std::min(token.find('\n'), token.size());
        token = signed_token(token.substr(0, end), token.substr(std::min(end + 1, token.size())));
    }
    const auto claims = authority.verify(token, now_s);
    if (claims) return check_accepted(authority, token, *claims);
    require(claims.error().code == Errc::bad_token, "every refusal is a bad token");
    require(!claims.error().detail.empty(), "and says why");
}

}  // namespace
}  // namespace roomcast::auth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::auth::check({data, size});
    return 0;
}
