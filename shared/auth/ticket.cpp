#include "shared/auth/ticket.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "shared/auth/codec.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

using json = nlohmann::json;

Error refused(const char* why) { return Error{Errc::bad_token, why}; }

/// Only what `seal` has written gets here, so what is missing is not told apart.
std::optional<Ticket> ticket_of(const json& from) {
    Ticket ticket;
    try {
        auto id = TicketId::parse(from.at("i").get_ref<const std::string&>());
        auto user = UserName::parse(from.at("u").get_ref<const std::string&>());
        if (!id || !user) return std::nullopt;
        ticket.id = std::move(*id);
        ticket.claims.user = std::move(*user);
        ticket.claims.guest = from.at("g").get<bool>();
        ticket.claims.source = from.at("o").get<bool>() ? TokenSource::outside : TokenSource::own;
        ticket.claims.issued_at_s = from.at("a").get<std::int64_t>();
        ticket.claims.expires_at_s = from.at("e").get<std::int64_t>();
        ticket.claims.token_id = from.at("j").get<std::string>();
        ticket.claims.account_id = from.at("c").get<std::string>();
        ticket.expires_at_s = from.at("x").get<std::int64_t>();
    } catch (const json::exception&) {
        return std::nullopt;
    }
    return ticket;
}

}  // namespace

TicketMaker::TicketMaker(std::string_view secret) {
    if (secret.size() < secret_bytes_least) throw std::runtime_error("the secret of tickets is too short");
    key_ = hmac_sha256(secret, "roomcast ticket");
}

std::string TicketMaker::seal(const Claims& claims, const TicketId& id, std::int64_t expires_at_s) const {
    const json body{{"i", id.str()},           {"u", claims.user.str()},
                    {"g", claims.guest},       {"o", claims.source == TokenSource::outside},
                    {"a", claims.issued_at_s}, {"e", claims.expires_at_s},
                    {"j", claims.token_id},    {"c", claims.account_id},
                    {"x", expires_at_s}};
    const auto payload = base64url(body.dump(-1, ' ', false, json::error_handler_t::replace));
    return payload + "." + base64url(hmac_sha256(key_, payload));
}

Result<Ticket> TicketMaker::open(std::string_view text, std::int64_t now_s) const {
    if (text.size() > limits::ticket_bytes) return refused("the ticket is too long");
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return refused("the ticket is malformed");
    const auto payload = text.substr(0, dot);
    const auto mac = from_base64url(text.substr(dot + 1));
    if (!mac || !same_secret(*mac, hmac_sha256(key_, payload))) return refused("the ticket's seal is wrong");
    const auto body = from_base64url(payload);
    auto ticket = body ? ticket_of(json::parse(*body, nullptr, false)) : std::nullopt;
    if (!ticket) return refused("the ticket is malformed");
    if (now_s >= ticket->expires_at_s) return refused("the ticket has expired");
    if (ticket->expires_at_s - now_s > limits::ticket_ttl_s + token_clock_skew_s)
        return refused("the ticket is valid for too long");
    if (now_s >= ticket->claims.expires_at_s) return refused("the ticket's token has expired");
    return std::move(*ticket);
}

}  // namespace roomcast::auth
