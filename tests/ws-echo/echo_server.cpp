#include "tests/ws-echo/echo_server.hpp"

#include <boost/asio/post.hpp>

namespace roomcast::echo {
namespace asio = boost::asio;
using asio::ip::tcp;

EchoServer::EchoServer(asio::io_context& io, const EchoSettings& settings)
    : loop_(io),
      tls_(settings.tls_cert.empty() ? nullptr
                                     : net::TlsContext::server(settings.tls_cert, settings.tls_key)),
      message_bytes_(settings.message_bytes),
      acceptor_(io, tcp::endpoint(asio::ip::make_address(settings.listen), settings.port)) {
    accept();
}

void EchoServer::accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
        if (!failed) take(std::move(socket));
        accept();
    });
}

void EchoServer::take(tcp::socket socket) {
    const std::uint64_t number = next_number_++;
    auto client =
        std::make_unique<EchoClient>(loop_, net::Stream(std::move(socket), tls_.get(), net::Role::server),
                                     message_bytes_, [this, number] { let_go(number); });
    EchoClient& started = *client;
    clients_.emplace(number, std::move(client));
    started.start();
}

void EchoServer::let_go(std::uint64_t number) {
    // Calls of this very client are on the stack: it is destroyed when they are done.
    asio::post(loop_.io(), [this, number] { clients_.erase(number); });
}

}  // namespace roomcast::echo
