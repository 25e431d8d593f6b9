#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/auth/ticket.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/deflate.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/metrics.hpp"
#include "shared/ops/settings.hpp"
#include "ws-edge/client.hpp"
#include "ws-edge/http_api.hpp"
#include "ws-edge/messages.hpp"
#include "ws-edge/revocations.hpp"
#include "ws-edge/shard_room.hpp"
#include "ws-edge/stats.hpp"

namespace roomcast::edge {

/// What every shard is given: things that never change, and the way to the core.
struct ShardContext {
    const HttpApi& http;
    std::shared_ptr<const auth::TokenAuthority> tokens;  // at the start
    const ops::EdgeSettings& settings;
    std::shared_ptr<const net::TlsContext> tls;  // at the start; null: plain TCP
    NodeId node;
    std::chrono::microseconds coalesce;  // see net::Loop
    ops::Log& log;
    std::function<void(ShardIndex, std::vector<CoreCommand>)> post_to_core;
};

/// A copy of a shard's numbers, and the delivery latencies since the last copy.
struct ShardReport {
    ShardStats stats;
    ops::LocalHistogram delivery_s;
};

/// One loop of the edge: its own acceptor, connections and room table. Shares nothing; others reach it by
/// posting (the methods under "from any thread").
///
/// Owned by the application. Runs on a thread of its own, or on the one that runs `core_io`: an edge's only
/// shard needs no other, and a message wakes fewer threads. `stop` (or the destructor) ends it.
class Shard {
public:
    Shard(ShardIndex index, const ShardContext& context, boost::asio::io_context* core_io = nullptr);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// Binds (with SO_REUSEPORT; throws where it cannot) and starts the thread. Answers the port in use.
    std::uint16_t start(const std::string& address, std::uint16_t port);
    /// With `core_io` only once that has stopped.
    void stop();

    // From any thread.
    void post_events(std::vector<ShardEvent> events);
    /// No new connections, no new messages. `done` is called on the shard's thread when all that was taken
    /// before has been handed to the core.
    void post_drain(std::function<void()> done);
    /// Says goodbye to all; `done` is called on the shard's thread when none is left.
    void post_go_away(std::function<void()> done);
    /// The certificate for connections from now on; those that are open keep theirs.
    void post_tls(std::shared_ptr<const net::TlsContext> tls);
    /// The keys of tokens from now on.
    void post_tokens(std::shared_ptr<const auth::TokenAuthority> tokens);
    /// `take` is called on the shard's thread.
    void post_report(std::function<void(ShardReport)> take);

    // From the shard's own clients and sessions.
    [[nodiscard]] net::Loop& loop() { return loop_; }
    [[nodiscard]] ShardStats& stats() { return stats_; }
    [[nodiscard]] const HttpApi& http() const { return context_.http; }
    [[nodiscard]] const auth::TokenAuthority& tokens() const { return *tokens_; }
    [[nodiscard]] const Revocations& revocations() const { return revocations_; }
    /// Who a request comes from, or why its token is no good. No token: none.
    [[nodiscard]] Result<auth::Claims> claims_of(const net::http::Request& request, bool tls) const;
    [[nodiscard]] Result<auth::Ticket> open_ticket(std::string_view text) const;
    [[nodiscard]] RateLimit session_rate() const;
    [[nodiscard]] bool rooms_by_join() const { return context_.settings.rooms_by_join; }
    [[nodiscard]] bool guests_create() const { return context_.settings.guests_create; }
    [[nodiscard]] const NodeId& node() const { return context_.node; }
    [[nodiscard]] bool draining() const { return draining_; }
    /// For clients that negotiate it; none where it is switched off.
    [[nodiscard]] net::Compression* compression() { return compression_.get(); }
    void tell_core(CoreCommand command);
    void enter(Membership& member);
    /// It is in the room now: `joined` was said.
    void arrived(Membership& member);
    void part(Membership& member);
    void expect_end(SessionKey key);
    void let_go(SessionKey key);

private:
    void let_all_go();
    void accept();
    void take(boost::asio::ip::tcp::socket socket);
    void tick();
    Session* session_of(SessionKey key);

    void handle(const RoomOpened& event);
    void handle(const RoomRefused& event);
    void handle(const RoomClosed& event);
    void handle(const RoomBatch& event);
    void handle(PageArrived& event);
    void handle(const PublishDone& event);
    void handle(const PresenceChanged& event);
    void handle(const TypingHeard& event);
    void handle(const SignalArrived& event);
    void handle(const SignalFailed& event);
    void handle(MembersArrived& event);
    void handle(const RoomInfoChanged& event);
    void handle(const UserKicked& event);
    void handle(const PasswordChecked& event);
    void handle(const NickLost& event);
    void handle(const TicketTaken& event);
    void handle(const HttpAnswered& event);
    void handle(const TokenRevoked& event);
    void handle(const UserRevoked& event);
    Client* client_of(SessionKey key);
    PeopleChanged& people_of(const RoomSlug& room);

    ShardIndex index_;
    const ShardContext& context_;
    std::shared_ptr<const net::TlsContext> tls_;
    std::shared_ptr<const auth::TokenAuthority> tokens_;
    auth::TicketMaker tickets_;
    std::unique_ptr<net::Compression> compression_;
    Revocations revocations_;
    std::unique_ptr<boost::asio::io_context> own_io_;  // none: the core's
    boost::asio::io_context& io_;
    net::Loop loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer tick_timer_;
    std::size_t tick_ = 0;  // of the round
    boost::asio::steady_timer accept_pause_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Client>> clients_;
    std::vector<std::unique_ptr<Client>> ended_;
    std::unordered_map<RoomSlug, std::unique_ptr<ShardRoom>> rooms_;
    std::vector<CoreCommand> commands_;
    std::size_t commands_expected_ = 0;                   // as many as in the turn before
    std::unordered_map<RoomSlug, PeopleChanged> people_;  // to be told to the core with this turn's commands
    void schedule_commands();
    void flush_commands();
    bool commands_scheduled_ = false;
    std::uint64_t next_key_;
    std::uint64_t next_generation_ = 1;
    ShardStats stats_;
    ops::LocalHistogram delivery_s_;
    bool draining_ = false;
    std::function<void()> on_all_gone_;
    std::thread thread_;
};

}  // namespace roomcast::edge
