#pragma once

#include <functional>
#include <memory>

#include "shared/auth/jwt.hpp"
#include "shared/channel/token_log.hpp"
#include "shared/ops/settings.hpp"
#include "ws-edge/api/exchange.hpp"
#include "ws-edge/api/passwords.hpp"
#include "ws-edge/caller.hpp"
#include "ws-edge/revocations.hpp"

namespace roomcast::edge {

/// Accounts, guests, tokens and tickets over HTTP.
///
/// Owned by Api, on the core's thread. The worker of a name's slot decides who has it; the log of tokens says
/// on every edge which ones are no longer good.
class Accounts {
public:
    Accounts(const ops::EdgeSettings& settings, Caller& caller, Passwords& passwords,
             channel::TokenLog& token_log, Revocations& revocations,
             std::shared_ptr<const auth::TokenAuthority> tokens);

    void use(std::shared_ptr<const auth::TokenAuthority> tokens) { tokens_ = std::move(tokens); }

    void register_account(const ExchangePtr& exchange);
    void log_in(const ExchangePtr& exchange);
    void log_out(const ExchangePtr& exchange);
    void be_guest(const ExchangePtr& exchange);
    void me(const ExchangePtr& exchange);
    void change_password(const ExchangePtr& exchange);
    void delete_account(const ExchangePtr& exchange);
    void refresh(const ExchangePtr& exchange);
    void ticket(const ExchangePtr& exchange);

private:
    using Found = std::function<void(const AccountInfo&)>;
    /// Goes on with the account that asks, once its password has proved right.
    void with_password(const ExchangePtr& exchange, const std::string& password, Found then);
    void store_password(const ExchangePtr& exchange, const AccountInfo& account, const std::string& hash);
    void revoke_all(const ExchangePtr& exchange, const FoldedName& user, std::string_view reason,
                    std::function<void(std::int64_t issuable_from_s)> then);
    void give_token(const ExchangePtr& exchange, auth::Claims claims) const;

    const ops::EdgeSettings& settings_;
    Caller& caller_;
    Passwords& passwords_;
    channel::TokenLog& token_log_;
    Revocations& revocations_;
    std::shared_ptr<const auth::TokenAuthority> tokens_;
};

}  // namespace roomcast::edge
