#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "consumer/service.hpp"
#include "shared/net/connection.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::consumer {

class LinkPeer;

/// Accepts the edges' links: WebSockets at /link over mutual TLS, one for each edge.
///
/// Owned by the worker's main, lives on the consumer's thread. An edge that sends nothing for a few seconds
/// (it pings many times a second) or does not read (limits::link_outbox_bytes) is let go; it will come back
/// or go elsewhere.
class LinkServer {
public:
    LinkServer(net::Loop& loop, std::shared_ptr<const net::TlsContext> tls, Service& service, ops::Log& log);
    ~LinkServer();

    /// Throws where it cannot bind. Answers the port in use.
    std::uint16_t listen(const std::string& address, std::uint16_t port);
    void stop_accepting();
    /// `done` is called when no edge has a subscription here any more.
    void when_unused(std::function<void()> done);

private:
    friend class LinkPeer;
    void accept();
    void let_go(std::uint64_t number);
    void tick();

    net::Loop& loop_;
    std::shared_ptr<const net::TlsContext> tls_;
    Service& service_;
    ops::Log& log_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer timer_;
    std::unordered_map<std::uint64_t, std::unique_ptr<LinkPeer>> peers_;
    std::uint64_t next_number_ = 1;
    std::function<void()> when_unused_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
