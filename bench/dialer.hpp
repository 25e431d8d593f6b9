#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bench/url.hpp"
#include "shared/net/connection.hpp"

namespace roomcast::bench {

/// One attempt to reach a server by TCP, and the connection that comes of it.
///
/// Owned by whoever is the connection's handler; on the loop's thread. Destroying it ends the attempt, or the
/// connection, without another call.
class Dialer {
public:
    /// `handler` hears of the connection (`on_ready` after the TLS handshake); `failed` is called instead if
    /// there is none. `tls` is used if the URL says so, and outlives this.
    Dialer(net::Loop& loop, const net::TlsContext& tls, net::ConnectionHandler& handler,
           std::function<void(std::string_view why)> failed);
    ~Dialer();
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;

    /// Once only.
    void dial(const Url& url);
    /// None until it is connected.
    [[nodiscard]] net::Connection* connection() const { return connection_.get(); }

private:
    struct Attempt;
    void connected(const Url& url, boost::asio::ip::tcp::socket socket);

    net::Loop& loop_;
    const net::TlsContext& tls_;
    net::ConnectionHandler& handler_;
    std::function<void(std::string_view)> failed_;
    std::shared_ptr<Attempt> attempt_;
    std::shared_ptr<net::Connection> connection_;
};

}  // namespace roomcast::bench
