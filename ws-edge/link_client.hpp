#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/net/connection.hpp"
#include "shared/net/websocket.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::edge {

class LinkClient;

class LinkClientListener {
public:
    virtual void on_link_up(LinkClient& link) = 0;
    virtual void on_link_down(LinkClient& link, std::string_view why) = 0;
    virtual void on_link_event(LinkClient& link, link::Event event) = 0;

protected:
    ~LinkClientListener() = default;
};

/// The link to one worker: a WebSocket over mutual TLS that is made again whenever it breaks.
///
/// Owned by ClusterWorkers, lives on the core's thread. Pings every limits::link_ping_ms; when the worker is
/// silent for limits::link_silence_ms the link counts as down at once, whatever the worker's sockets say.
class LinkClient final : public net::ConnectionHandler, public net::ws::MessageSink {
public:
    LinkClient(net::Loop& loop, const net::TlsContext& tls, NodeId self, NodeId worker,
               LinkClientListener& listener);
    ~LinkClient();
    LinkClient(const LinkClient&) = delete;
    LinkClient& operator=(const LinkClient&) = delete;

    /// Where the worker is; connects, or connects anew when that changed.
    void aim(const std::string& host, std::uint16_t port);
    [[nodiscard]] const NodeId& worker() const { return worker_; }
    [[nodiscard]] bool up() const { return up_; }
    void send(const link::Request& request);

private:
    void connect();
    void retry();
    /// Ends the attempt or the connection that there is. What the loop has queued for it is then nothing to
    /// us.
    void let_go();
    void drop(std::string_view why);
    void beat();

    void on_ready() override;
    void on_bytes(std::span<char> bytes) override;
    void on_ended(std::string_view why) override;
    bool on_message(net::ws::Opcode kind, std::string_view payload) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override { return payload.empty(); }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override;

    net::Loop& loop_;
    const net::TlsContext& tls_;
    NodeId self_;
    NodeId worker_;
    LinkClientListener& listener_;
    std::string host_;
    std::uint16_t port_ = 0;
    boost::asio::ip::tcp::resolver resolver_;
    std::shared_ptr<boost::asio::ip::tcp::socket> connecting_;  // held by the attempt too, which looks at it
    std::shared_ptr<net::Connection> connection_;
    std::unique_ptr<net::ws::Decoder> decoder_;
    std::string key_;
    std::string head_;  // the upgrade's answer, as far as it has come
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer beat_timer_;
    std::chrono::steady_clock::time_point heard_;
    std::chrono::steady_clock::time_point beaten_;
    std::uint64_t heard_bytes_ = 0;
    std::uint64_t attempt_ =
        0;  // a completion that was queued before a newer attempt began belongs to an older one
    bool up_ = false;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::edge
