// The half of Shard that hands on what owners and the desk have settled: rooms that changed, people put out,
// passwords, tokens, HTTP answers.
#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {
namespace asio = boost::asio;

RateLimit Shard::session_rate() const {
    const double rate = context_.settings.rates.session_messages;
    return RateLimit{rate, rate * limits::rate_burst_s};
}

Result<auth::Claims> Shard::claims_of(const net::http::Request& request, bool tls) const {
    auto claims = context_.http.claims_of(request, *tokens_, tls);
    if (!claims) return claims;
    if (const auto reason = revocations_.find(*claims))
        return Error{Errc::bad_token, "the token is revoked: " + *reason};
    return claims;
}

Result<auth::Ticket> Shard::open_ticket(std::string_view text) const {
    auto ticket = tickets_.open(text, now_ms() / 1000);
    if (ticket && revocations_.find(ticket->claims)) return Error{Errc::bad_token, "the token is revoked"};
    return ticket;
}

Client* Shard::client_of(SessionKey key) {
    const auto found = clients_.find(key.value);
    return found == clients_.end() ? nullptr : found->second.get();
}

void Shard::handle(const RoomInfoChanged& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || !found->second->open() || found->second->generation() != event.generation)
        return;
    ShardRoom& room = *found->second;
    if (room.epoch() != event.info->log.epoch) return;
    const RoomInfo before = room.info();
    room.change(event.info);
    // Those who are put out go one by one, and the last one takes the room along.
    for (Membership* const member : std::vector<Membership*>(room.members))
        member->session->on_room_changed(*member, before);
}

void Shard::handle(const UserKicked& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end()) return;
    for (Membership* const member : std::vector<Membership*>(found->second->members))
        if (member->session->folded() == event.user) member->session->put_out(*member, "kicked");
}

void Shard::handle(const PasswordChecked& event) {
    if (Session* const session = session_of(event.session))
        session->on_password_checked(event.ticket, event.outcome);
}

void Shard::handle(const NickLost& event) {
    if (Session* const session = session_of(event.session)) session->close(CloseCode::removed, "nick taken");
}

void Shard::handle(const TicketTaken& event) {
    if (Client* const client = client_of(event.client)) client->on_ticket_taken(event.outcome);
}

void Shard::handle(const HttpAnswered& event) {
    if (Client* const client = client_of(event.client)) client->on_answered(event.response);
}

void Shard::handle(const TokenRevoked& event) {
    revocations_.revoke(event.token_id, event.expires, event.reason);
    for (auto& [key, client] : clients_)
        if (Session* const session = client->session();
            session != nullptr && session->claims().token_id == event.token_id)
            session->close(CloseCode::removed, event.reason);
}

void Shard::handle(const UserRevoked& event) {
    revocations_.revoke_user(event.user, event.issued_before, event.expires, event.reason);
    for (auto& [key, client] : clients_)
        if (Session* const session = client->session();
            session != nullptr && !session->claims().guest && session->folded() == event.user &&
            session->claims().issued_at_s * 1000 < event.issued_before)
            session->close(CloseCode::removed, event.reason);
}

void Shard::post_tokens(std::shared_ptr<const auth::TokenAuthority> tokens) {
    asio::post(io_, [this, tokens = std::move(tokens)]() mutable {
        tickets_ = auth::TicketMaker(tokens->derived_key(auth::ticket_key_label));
        tokens_ = std::move(tokens);
    });
}

}  // namespace roomcast::edge
