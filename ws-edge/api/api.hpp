#pragma once

#include <memory>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "shared/channel/token_log.hpp"
#include "shared/ops/settings.hpp"
#include "ws-edge/api/accounts.hpp"
#include "ws-edge/api/messages.hpp"
#include "ws-edge/api/rooms.hpp"
#include "ws-edge/core.hpp"
#include "ws-edge/desk.hpp"

namespace roomcast::edge {

/// The HTTP API, and what else shards ask that is no traffic of rooms. Knows the routes; the parts do the
/// work.
///
/// Owned by main, on the core's thread. Each task is answered once. `stop` ends the threads for bcrypt.
class Api final : public Desk, public channel::TokenSink {
public:
    Api(boost::asio::io_context& io, const ops::EdgeSettings& settings, Core& core,
        channel::TableLog& tokens_table, std::shared_ptr<const auth::TokenAuthority> tokens, ops::Log& log);

    /// The keys of tokens from now on.
    void use(std::shared_ptr<const auth::TokenAuthority> tokens) { accounts_.use(std::move(tokens)); }
    /// Whether revoked tokens are known.
    [[nodiscard]] bool ready() const { return token_log_.current(); }
    [[nodiscard]] std::size_t unanswered() const { return unanswered_; }
    [[nodiscard]] Passwords::Stats password_stats() const { return passwords_.stats(); }

    void on_http(ShardIndex shard, HttpTask task) override;
    void on_password(ShardIndex shard, CheckPassword question) override;
    void on_ticket(ShardIndex shard, TakeTicket request) override;

private:
    void on_token_revoked(std::string_view token_id, TimeMs expires, std::string_view reason) override;
    void on_user_revoked(const FoldedName& user, TimeMs issued_before, TimeMs expires,
                         std::string_view reason) override;

    void route(const ExchangePtr& exchange);
    void route_account(const ExchangePtr& exchange, std::string_view path);
    void route_rooms(const ExchangePtr& exchange, std::string_view rest);

    Core& core_;
    Revocations revocations_;
    channel::TokenLog token_log_;
    Passwords passwords_;
    Door door_;
    Accounts accounts_;
    Rooms rooms_;
    RoomMessages messages_;
    std::size_t unanswered_ = 0;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::edge
