#include "ws-edge/api/api.hpp"

#include "ws-edge/api/json_http.hpp"

namespace roomcast::edge {
namespace {

/// The text up to the next slash, which is taken from `rest` with it.
std::string_view next_part(std::string_view& rest) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    return part;
}

}  // namespace

Api::Api(boost::asio::io_context& io, const ops::EdgeSettings& settings, Core& core,
         channel::TableLog& tokens_table, std::shared_ptr<const auth::TokenAuthority> tokens, ops::Log& log)
    : core_(core),
      token_log_(io, tokens_table, *this, log),
      passwords_(io, static_cast<std::size_t>(settings.hash_threads), settings.bcrypt_cost),
      door_(core.caller(), passwords_),
      accounts_(settings, core.caller(), passwords_, token_log_, revocations_, std::move(tokens)),
      rooms_(settings, core, passwords_, door_),
      messages_(core, door_),
      alive_(std::make_shared<bool>(true)) {}

void Api::on_http(ShardIndex shard, HttpTask task) {
    const SessionKey client = task.client;
    const auto address = task.address;
    ++unanswered_;
    const auto exchange =
        std::make_shared<Exchange>(std::move(task), [this, shard, client](net::http::Response response) {
            --unanswered_;
            core_.tell(shard, HttpAnswered{client, std::move(response)});
        });
    if (const auto wait = core_.limits().request(address, now_ms()))
        return exchange->fail(Error{Errc::rate_limited, wait->what, wait->retry_after_ms});
    route(exchange);
}

void Api::route(const ExchangePtr& exchange) {
    std::string_view path = exchange->request().path();
    if (path == "/rooms") return route_rooms(exchange, {});
    if (path.starts_with("/rooms/")) return route_rooms(exchange, path.substr(7));
    route_account(exchange, path);
}

void Api::route_account(const ExchangePtr& exchange, std::string_view path) {
    const std::string& method = exchange->request().method;
    const bool reads = method == "GET" || method == "HEAD";
    if (path == "/me") {
        if (reads) return accounts_.me(exchange);
        if (method == "DELETE") return accounts_.delete_account(exchange);
        return exchange->answer(not_with_that_method("GET, HEAD, DELETE"));
    }
    if (method != "POST") return exchange->answer(not_with_that_method("POST"));
    if (path == "/register") return accounts_.register_account(exchange);
    if (path == "/login") return accounts_.log_in(exchange);
    if (path == "/logout") return accounts_.log_out(exchange);
    if (path == "/guest") return accounts_.be_guest(exchange);
    if (path == "/me/password") return accounts_.change_password(exchange);
    if (path == "/refresh") return accounts_.refresh(exchange);
    if (path == "/ticket") return accounts_.ticket(exchange);
    exchange->fail(Errc::not_found);
}

void Api::route_rooms(const ExchangePtr& exchange, std::string_view rest) {
    const std::string& method = exchange->request().method;
    const bool reads = method == "GET" || method == "HEAD";
    if (rest.empty()) {
        if (reads) return rooms_.list(exchange);
        if (method == "POST") return rooms_.create(exchange);
        return exchange->answer(not_with_that_method("GET, HEAD, POST"));
    }
    const auto room = RoomSlug::parse(next_part(rest));
    if (!room) return exchange->fail(Errc::bad_room);
    const auto what = next_part(rest);
    const auto which = rest;
    if (what.empty()) {
        if (reads) return rooms_.describe(exchange, *room);
        if (method == "PATCH") return rooms_.change(exchange, *room);
        if (method == "DELETE") return rooms_.remove(exchange, *room);
        return exchange->answer(not_with_that_method("GET, HEAD, PATCH, DELETE"));
    }
    if (what == "kick" && which.empty()) {
        if (method == "POST") return rooms_.kick(exchange, *room);
        return exchange->answer(not_with_that_method("POST"));
    }
    if (what == "bans" && which.empty()) {
        if (reads) return rooms_.bans(exchange, *room);
        return exchange->answer(not_with_that_method("GET, HEAD"));
    }
    if (what == "bans" && which.find('/') == std::string_view::npos) {
        if (method == "PUT") return rooms_.ban(exchange, *room, which, true);
        if (method == "DELETE") return rooms_.ban(exchange, *room, which, false);
        return exchange->answer(not_with_that_method("PUT, DELETE"));
    }
    if (what == "messages" && which.empty()) {
        if (reads) return messages_.history(exchange, *room);
        if (method == "POST") return messages_.send(exchange, *room);
        return exchange->answer(not_with_that_method("GET, HEAD, POST"));
    }
    if (what == "messages" && which.find('/') == std::string_view::npos) {
        if (method == "DELETE") return messages_.remove(exchange, *room, which);
        return exchange->answer(not_with_that_method("DELETE"));
    }
    exchange->fail(Errc::not_found);
}

void Api::on_password(ShardIndex shard, CheckPassword question) {
    passwords_.check(
        password_subject(question.room, question.user), question.address, std::move(question.password),
        std::move(question.hash),
        [this, shard, session = question.session, ticket = question.ticket](Result<void> outcome) {
            core_.tell(shard, PasswordChecked{session, ticket, std::move(outcome)});
        });
}

void Api::on_ticket(ShardIndex shard, TakeTicket request) {
    token_log_.take_ticket(request.ticket_id, request.expires,
                           [this, alive = alive_, shard, client = request.client](Result<void> outcome) {
                               if (*alive) core_.tell(shard, TicketTaken{client, std::move(outcome)});
                           });
}

void Api::on_token_revoked(std::string_view token_id, TimeMs expires, std::string_view reason) {
    revocations_.revoke(std::string(token_id), expires, std::string(reason));
    core_.tell_all(TokenRevoked{std::string(token_id), expires, std::string(reason)});
}

void Api::on_user_revoked(const FoldedName& user, TimeMs issued_before, TimeMs expires,
                          std::string_view reason) {
    revocations_.revoke_user(user, issued_before, expires, std::string(reason));
    core_.tell_all(UserRevoked{user, issued_before, expires, std::string(reason)});
}

}  // namespace roomcast::edge
