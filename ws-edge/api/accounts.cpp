#include "ws-edge/api/accounts.hpp"

#include <nlohmann/json.hpp>

#include "shared/auth/bcrypt.hpp"
#include "shared/auth/credentials.hpp"
#include "shared/auth/ticket.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"
#include "ws-edge/api/json_http.hpp"

namespace roomcast::edge {
namespace {

using nlohmann::json;

std::int64_t now_s() { return now_ms() / 1000; }

struct NameAndPassword {
    UserName name;
    std::string password;
};

Result<NameAndPassword> name_and_password(const net::http::Request& request) {
    const auto body = json_body(request);
    if (!body) return body.error();
    const auto user = text_field(*body, "user");
    if (!user) return user.error();
    auto password = text_field(*body, "password");
    if (!password) return password.error();
    auto name = parse_user_name(*user);
    if (!name) return name.error();
    return NameAndPassword{std::move(*name), std::move(*password)};
}

std::string cookie(std::string_view value, std::int64_t max_age_s, bool tls) {
    return std::string(auth::token_cookie) + "=" + std::string(value) + "; Path=/; HttpOnly; " +
           (tls ? "Secure; " : "") + "SameSite=Lax; Max-Age=" + std::to_string(max_age_s);
}

void clear_cookie(net::http::Response& response, bool tls) {
    response.headers.emplace_back("Set-Cookie", cookie("", 0, tls));
}

Error no_account() { return Error{Errc::forbidden, "a guest has no account"}; }

}  // namespace

Accounts::Accounts(const ops::EdgeSettings& settings, Caller& caller, Passwords& passwords,
                   channel::TokenLog& token_log, Revocations& revocations,
                   std::shared_ptr<const auth::TokenAuthority> tokens)
    : settings_(settings),
      caller_(caller),
      passwords_(passwords),
      token_log_(token_log),
      revocations_(revocations),
      tokens_(std::move(tokens)) {}

void Accounts::register_account(const ExchangePtr& exchange) {
    if (!settings_.registration) return exchange->fail(Error{Errc::forbidden, "nobody may register here"});
    auto asked = name_and_password(exchange->request());
    if (!asked) return exchange->fail(asked.error());
    if (const auto good = auth::password_allowed(asked->password); !good) return exchange->fail(good.error());
    AccountInfo account;
    account.name = asked->name;
    account.folded = fold_name(asked->name);
    account.id = make_epoch();
    account.created = account.password_changed = now_ms();
    passwords_.hash(asked->password, [this, exchange, account](Result<std::string> hash) mutable {
        if (!hash) return exchange->fail(hash.error());
        account.password_hash = std::move(*hash);
        caller_.call(slot_of(account.folded), link::CreateAccount{account}, [exchange](link::Reply reply) {
            const auto made = expect<link::AccountReply>(std::move(reply));
            if (!made) return exchange->fail(made.error());
            exchange->answer(json_response(201, {{"status", "registered"}}));
        });
    });
}

void Accounts::log_in(const ExchangePtr& exchange) {
    auto asked = name_and_password(exchange->request());
    // A name that nobody can have is answered like one that nobody has.
    if (!asked && asked.error().code != Errc::bad_nick) return exchange->fail(asked.error());
    const FoldedName folded = asked ? fold_name(asked->name) : FoldedName::trusted("?");
    const std::string password = asked ? asked->password : "?";
    caller_.call(slot_of(folded), link::FindAccount{folded},
                 [this, exchange, folded, password](link::Reply reply) {
                     auto found = expect<link::AccountReply>(std::move(reply));
                     if (!found && found.error().code != Errc::not_found)
                         return exchange->fail(found.error());
                     passwords_.check("login:" + folded.str(), exchange->address(), password,
                                      found ? found->account.password_hash : std::string{},
                                      [this, exchange, found](const Result<void>& right) {
                                          if (!right) return exchange->fail(right.error());
                                          const AccountInfo& account = found->account;
                                          auth::Claims claims;
                                          claims.user = account.name;
                                          claims.account_id = account.id.str();
                                          claims.issued_at_s =
                                              std::max(now_s(), revocations_.issuable_from_s(account.folded));
                                          give_token(exchange, std::move(claims));
                                      });
                 });
}

void Accounts::give_token(const ExchangePtr& exchange, auth::Claims claims) const {
    if (claims.issued_at_s == 0) claims.issued_at_s = now_s();
    claims.expires_at_s = claims.issued_at_s + settings_.token_ttl_s;
    claims.token_id = make_session_id().str();
    const std::string token = tokens_->issue(claims);
    json body{{"token", token},
              {"user", claims.user.str()},
              {"guest", claims.guest},
              {"expires", format_rfc3339(claims.expires_at_s * 1000)}};
    auto response = json_response(200, body);
    response.headers.emplace_back("Set-Cookie", cookie(token, settings_.token_ttl_s, exchange->tls()));
    exchange->answer(std::move(response));
}

void Accounts::log_out(const ExchangePtr& exchange) {
    const auto& claims = exchange->claims();
    const auto done = [exchange](const Result<void>& revoked) {
        if (!revoked) return exchange->fail(revoked.error());
        auto response = empty_response();
        clear_cookie(response, exchange->tls());
        exchange->answer(std::move(response));
    };
    if (claims.token_id.empty()) return done({});  // an outside issuer's, which it alone can take back
    // An outside issuer's may be good for longer than the log remembers.
    const std::int64_t expires_s = std::min(claims.expires_at_s, now_s() + limits::token_ttl_s);
    token_log_.revoke(claims.token_id, expires_s * 1000, "logged out", done);
}

void Accounts::be_guest(const ExchangePtr& exchange) {
    if (!settings_.guests) return exchange->fail(Error{Errc::forbidden, "guests may not come in here"});
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto text = text_field(*body, "nick");
    if (!text) return exchange->fail(text.error());
    const auto nick = parse_user_name(*text);
    if (!nick) return exchange->fail(nick.error());
    auth::Claims claims;
    claims.user = *nick;
    claims.guest = true;
    claims.account_id = make_session_id().str();
    const FoldedName folded = fold_name(*nick);
    caller_.call(slot_of(folded), link::ClaimNick{folded, claims.account_id, link::ClaimNick::Kind::reserve},
                 [this, exchange, claims](link::Reply reply) {
                     const auto reserved = expect<link::Done>(std::move(reply));
                     if (!reserved) return exchange->fail(reserved.error());
                     give_token(exchange, claims);
                 });
}

void Accounts::me(const ExchangePtr& exchange) {
    const auto& claims = exchange->claims();
    exchange->answer(json_response(200, {{"user", claims.user.str()},
                                         {"guest", claims.guest},
                                         {"expires", format_rfc3339(claims.expires_at_s * 1000)}}));
}

void Accounts::refresh(const ExchangePtr& exchange) {
    if (exchange->claims().source != auth::TokenSource::own)
        return exchange->fail(Error{Errc::forbidden, "the token is another issuer's"});
    auth::Claims claims = exchange->claims();
    claims.issued_at_s = std::max(now_s(), claims.issued_at_s);
    give_token(exchange, std::move(claims));
}

void Accounts::ticket(const ExchangePtr& exchange) {
    const auto& claims = exchange->claims();
    const std::int64_t expires_s = std::min(now_s() + limits::ticket_ttl_s, claims.expires_at_s);
    const auth::TicketMaker maker(tokens_->derived_key(auth::ticket_key_label));
    const auto id = TicketId::trusted(make_session_id().str());
    exchange->answer(json_response(
        200, {{"ticket", maker.seal(claims, id, expires_s)}, {"expires", format_rfc3339(expires_s * 1000)}}));
}

void Accounts::with_password(const ExchangePtr& exchange, const std::string& password, Found then) {
    const auto& claims = exchange->claims();
    if (claims.guest) return exchange->fail(no_account());
    const FoldedName folded = exchange->folded();
    caller_.call(slot_of(folded), link::FindAccount{folded},
                 [this, exchange, folded, password, then = std::move(then)](link::Reply reply) {
                     const auto found = expect<link::AccountReply>(std::move(reply));
                     if (!found) {
                         const bool gone = found.error().code == Errc::not_found;
                         return exchange->fail(gone ? no_account() : found.error());
                     }
                     if (found->account.id.str() != exchange->claims().account_id)
                         return exchange->fail(no_account());
                     passwords_.check("login:" + folded.str(), exchange->address(), password,
                                      found->account.password_hash,
                                      [exchange, account = found->account, then](const Result<void>& right) {
                                          if (!right) return exchange->fail(right.error());
                                          then(account);
                                      });
                 });
}

void Accounts::change_password(const ExchangePtr& exchange) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto old_password = text_field(*body, "password");
    if (!old_password) return exchange->fail(old_password.error());
    const auto new_password = text_field(*body, "new_password");
    if (!new_password) return exchange->fail(new_password.error());
    if (const auto good = auth::password_allowed(*new_password); !good) return exchange->fail(good.error());
    with_password(exchange, *old_password,
                  [this, exchange, next = *new_password](const AccountInfo& account) {
                      passwords_.hash(next, [this, exchange, account](Result<std::string> hash) {
                          if (!hash) return exchange->fail(hash.error());
                          store_password(exchange, account, *hash);
                      });
                  });
}

void Accounts::store_password(const ExchangePtr& exchange, const AccountInfo& account,
                              const std::string& hash) {
    caller_.call(slot_of(account.folded), link::ChangePassword{account.folded, hash, now_ms()},
                 [this, exchange, account](link::Reply reply) {
                     const auto changed = expect<link::AccountReply>(std::move(reply));
                     if (!changed) return exchange->fail(changed.error());
                     revoke_all(exchange, account.folded, "password changed",
                                [this, exchange, account](std::int64_t issuable_from_s) {
                                    auth::Claims claims;
                                    claims.user = account.name;
                                    claims.account_id = account.id.str();
                                    claims.issued_at_s = issuable_from_s;
                                    give_token(exchange, std::move(claims));
                                });
                 });
}

void Accounts::revoke_all(const ExchangePtr& exchange, const FoldedName& user, std::string_view reason,
                          std::function<void(std::int64_t)> then) {
    // Tokens know seconds: those of this second are old, and the next one is of the second after.
    const std::int64_t issuable_from_s = std::max(now_s(), revocations_.issuable_from_s(user)) + 1;
    // Whatever --token-ttl-s was when they were given.
    const TimeMs forgotten = (issuable_from_s + limits::token_ttl_s) * 1000;
    token_log_.revoke_user(user, issuable_from_s * 1000, forgotten, reason,
                           [exchange, issuable_from_s, then = std::move(then)](const Result<void>& revoked) {
                               if (!revoked) return exchange->fail(revoked.error());
                               then(issuable_from_s);
                           });
}

void Accounts::delete_account(const ExchangePtr& exchange) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto password = text_field(*body, "password");
    if (!password) return exchange->fail(password.error());
    with_password(exchange, *password, [this, exchange](const AccountInfo& account) {
        caller_.call(slot_of(account.folded), link::DeleteAccount{account.folded},
                     [this, exchange, account](link::Reply reply) {
                         const auto gone = expect<link::Done>(std::move(reply));
                         if (!gone) return exchange->fail(gone.error());
                         revoke_all(exchange, account.folded, "account deleted", [exchange](std::int64_t) {
                             auto response = empty_response();
                             clear_cookie(response, exchange->tls());
                             exchange->answer(std::move(response));
                         });
                     });
    });
}

}  // namespace roomcast::edge
