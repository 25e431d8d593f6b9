#include "shared/auth/ticket.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/unit/shared/auth/forge.hpp"

namespace roomcast::auth {
namespace {

constexpr std::int64_t now_s = 1'800'000'000;
const std::string secret = "0123456789abcdef0123456789abcdef";

Claims alice() {
    return {
        UserName::trusted("Алиса \"the 2nd\""), true, now_s - 10, now_s + 600, "id-7", TokenSource::outside};
}

std::string sealed(std::int64_t expires_at_s = now_s + limits::ticket_ttl_s) {
    return TicketMaker(secret).seal(alice(), TicketId::trusted("t1"), expires_at_s);
}

std::string refusal(const std::string& text, std::int64_t at_s = now_s) {
    const auto ticket = TicketMaker(secret).open(text, at_s);
    if (ticket) return {};
    CHECK(ticket.error().code == Errc::bad_token);
    CHECK_FALSE(ticket.error().detail.empty());
    return ticket.error().detail;
}

}  // namespace

TEST_CASE("a ticket opens to what was sealed, at every maker with the secret") {
    const auto text = sealed();
    CHECK(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
          std::string::npos);
    const auto ticket = TicketMaker(secret).open(text, now_s);
    REQUIRE(ticket);
    CHECK(ticket->id.str() == "t1");
    CHECK(ticket->expires_at_s == now_s + limits::ticket_ttl_s);
    CHECK(ticket->claims.user == alice().user);
    CHECK(ticket->claims.guest);
    CHECK(ticket->claims.issued_at_s == alice().issued_at_s);
    CHECK(ticket->claims.expires_at_s == alice().expires_at_s);
    CHECK(ticket->claims.token_id == "id-7");
    CHECK(ticket->claims.source == TokenSource::outside);
}

TEST_CASE("a ticket ends after its time, and with its token") {
    CHECK(refusal(sealed(), now_s + limits::ticket_ttl_s - 1).empty());
    CHECK(refusal(sealed(), now_s + limits::ticket_ttl_s) == "the ticket has expired");
    CHECK(refusal(sealed(now_s + 3600)) == "the ticket is valid for too long");
    auto claims = alice();
    claims.expires_at_s = now_s + 5;
    const auto text = TicketMaker(secret).seal(claims, TicketId::trusted("t1"), now_s + 30);
    CHECK(refusal(text, now_s + 4).empty());
    CHECK(refusal(text, now_s + 5) == "the ticket's token has expired");
}

TEST_CASE("a ticket that was altered anywhere is refused") {
    const auto text = sealed();
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto altered = text;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        if (refusal(altered).empty()) ++accepted;
        if (refusal(text.substr(0, i)).empty()) ++accepted;
    }
    CHECK(accepted == 0);
    for (const std::string& tail :
         {std::string("A"), std::string("="), std::string("."), std::string(1, '\0')})
        CHECK_FALSE(refusal(text + tail).empty());
}

TEST_CASE("a ticket of another secret is refused") {
    const TicketMaker other("fedcba9876543210fedcba9876543210");
    CHECK(refusal(other.seal(alice(), TicketId::trusted("t1"), now_s + 30)) == "the ticket's seal is wrong");
    const auto payload = sealed().substr(0, sealed().find('.'));
    CHECK_FALSE(
        refusal(payload + "." + forge::base64url(forge::hmac(payload, secret, EVP_sha256()))).empty());
    CHECK_FALSE(refusal(payload + "." + forge::base64url(forge::hmac(payload, "", EVP_sha256()))).empty());
    CHECK_FALSE(refusal(payload + ".").empty());
}

TEST_CASE("no token is a ticket and no ticket is a token, though they share a secret") {
    const TokenAuthority authority(secret);
    const auto token = authority.issue(alice());
    CHECK_FALSE(refusal(token).empty());
    CHECK_FALSE(refusal(token.substr(token.find('.') + 1)).empty());
    CHECK_FALSE(authority.verify(sealed(), now_s).ok());
    const auto header = forge::base64url(R"({"alg":"HS256"})");
    CHECK_FALSE(authority.verify(header + "." + sealed(), now_s).ok());
    // Nor with the secret that tickets are made with where both stand in one program.
    const TicketMaker derived(authority.derived_key("ticket"));
    const auto ticket = derived.seal(alice(), TicketId::trusted("t1"), now_s + 30);
    CHECK(derived.open(ticket, now_s).ok());
    CHECK_FALSE(authority.verify(header + "." + ticket, now_s).ok());
}

TEST_CASE("garbage is no ticket, of any length") {
    for (const std::string& text :
         {std::string(), std::string("."), std::string(".."), std::string("a.b"), std::string("a."),
          std::string(".a"), std::string("{}"), std::string(1'000, '.'), std::string(100, '\0'),
          std::string(1'000'000, 'a')})
        CHECK_FALSE(refusal(text).empty());
    CHECK(refusal(std::string(limits::ticket_bytes + 1, 'a')) == "the ticket is too long");
}

TEST_CASE("the largest ticket fits its limit") {
    auto claims = alice();
    claims.user = UserName::trusted(std::string(limits::user_name_bytes, '"'));
    claims.token_id = std::string(token_id_bytes, '\x01');
    const auto text = TicketMaker(secret).seal(
        claims, TicketId::trusted(std::string(limits::ticket_id_bytes, 'x')), now_s + 30);
    CHECK(text.size() <= limits::ticket_bytes);
    REQUIRE(TicketMaker(secret).open(text, now_s));
    CHECK(TicketMaker(secret).open(text, now_s)->claims.token_id == claims.token_id);
}

TEST_CASE("ids of tickets do not repeat, and a short secret makes no tickets") {
    CHECK(make_ticket_id() != make_ticket_id());
    CHECK(TicketId::parse(make_ticket_id().str()));
    CHECK_THROWS_AS(TicketMaker("short"), std::runtime_error);
}

}  // namespace roomcast::auth
