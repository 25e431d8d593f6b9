#pragma once

#include <cstdint>
#include <memory>

#include "shared/net/connection.hpp"
#include "shared/net/http.hpp"
#include "ws-edge/session.hpp"

namespace roomcast::edge {

class Shard;

/// One TCP connection from outside: HTTP first, and after an upgrade of /ws a session.
///
/// Owned by the shard, lives on its thread, and is let go when the connection has ended.
class Client final : public net::ConnectionHandler {
public:
    Client(Shard& shard, SessionKey key, net::Stream stream, const auth::IpAddress& peer);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start() { connection_->start(); }
    void tick(std::int64_t now_ms);
    /// The connection must end by the deadline, however its peer behaves.
    void expect_end(std::int64_t deadline_ms) { end_by_ms_ = deadline_ms; }
    // Answers from the core.
    void on_answered(const net::http::Response& response);
    void on_ticket_taken(const Result<void>& outcome);
    /// This node is going away.
    void go_away();
    [[nodiscard]] Session* session() { return session_.get(); }

private:
    void on_ready() override;
    void on_bytes(std::span<char> bytes) override;
    void on_room_again() override;
    void on_ended(std::string_view why) override;

    void serve(const net::http::Request& request);
    void upgrade(const net::http::Request& request);
    void open_session(const net::http::Request& request, auth::Claims claims);
    void ask_core(const net::http::Request& request);
    /// Nothing more is read or served until an answer has come.
    void wait();
    void serve_on();
    void begin_frames();
    [[nodiscard]] auth::AddressKey address_of(const net::http::Request& request) const;
    [[nodiscard]] bool over_tls(const net::http::Request& request) const;
    void join_by_query(const net::http::Request& request);
    void respond(const net::http::Response& response, bool keep_alive, bool head_only = false);

    Shard& shard_;
    SessionKey key_;
    auth::IpAddress peer_;
    std::shared_ptr<net::Connection> connection_;
    std::unique_ptr<net::http::RequestReader> http_;
    std::unique_ptr<Session> session_;
    std::int64_t request_by_ms_;  // for the TLS handshake and each request
    std::int64_t end_by_ms_ = 0;
    bool shaken_ = false;
    bool waiting_ = false;    // for the core
    bool keep_alive_ = true;  // of the request that waits
    bool head_only_ = false;
    std::string early_;  // came while waiting
    struct TicketUse {
        net::http::Request request;
        auth::Claims claims;
    };
    std::unique_ptr<TicketUse> ticket_;
};

}  // namespace roomcast::edge
