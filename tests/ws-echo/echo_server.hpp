#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "shared/net/connection.hpp"
#include "tests/ws-echo/echo_client.hpp"

namespace roomcast::echo {

struct EchoSettings {
    std::string listen = "127.0.0.1";
    std::uint16_t port = 9001;  // 0: any
    std::string tls_cert;       // both empty: without TLS
    std::string tls_key;
    std::size_t message_bytes = std::size_t{16} * 1024 * 1024;
};

/// Accepts connections and keeps them until they end. One thread, that of its io_context. The constructor
/// throws when the port or a certificate cannot be used.
class EchoServer {
public:
    EchoServer(boost::asio::io_context& io, const EchoSettings& settings);

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    void accept();
    void take(boost::asio::ip::tcp::socket socket);
    void let_go(std::uint64_t number);

    net::Loop loop_;
    std::shared_ptr<const net::TlsContext> tls_;
    std::size_t message_bytes_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::unordered_map<std::uint64_t, std::unique_ptr<EchoClient>> clients_;
    std::uint64_t next_number_ = 0;
};

}  // namespace roomcast::echo
