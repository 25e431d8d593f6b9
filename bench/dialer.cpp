#include "bench/dialer.hpp"

#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace roomcast::bench {

using boost::asio::ip::tcp;

/// Outlives the dialer while a call into it is pending, and then knows that it is gone.
struct Dialer::Attempt {
    explicit Attempt(Dialer& dialer) : owner(&dialer), socket(dialer.loop_.io()) {}
    Dialer* owner;
    tcp::socket socket;
};

Dialer::Dialer(net::Loop& loop, const net::TlsContext& tls, net::ConnectionHandler& handler,
               std::function<void(std::string_view why)> failed)
    : loop_(loop), tls_(tls), handler_(handler), failed_(std::move(failed)) {}

Dialer::~Dialer() {
    if (attempt_) {
        attempt_->owner = nullptr;
        boost::system::error_code ignored;
        attempt_->socket.close(ignored);
    }
    if (connection_) connection_->detach();
}

void Dialer::dial(const Url& url) {
    attempt_ = std::make_shared<Attempt>(*this);
    // Names are looked up at once and in the way: a load tool is given few of them, most of them addresses.
    boost::system::error_code unknown;
    const auto endpoints = tcp::resolver(loop_.io()).resolve(url.host, url.port, unknown);
    if (unknown) {
        boost::asio::post(loop_.io(), [attempt = attempt_, why = unknown.message()] {
            if (attempt->owner != nullptr) attempt->owner->failed_(why);
        });
        return;
    }
    boost::asio::async_connect(
        attempt_->socket, endpoints,
        [attempt = attempt_, url](boost::system::error_code error, const tcp::endpoint&) {
            if (attempt->owner == nullptr) return;
            if (error) return attempt->owner->failed_(error.message());
            attempt->owner->connected(url, std::move(attempt->socket));
        });
}

void Dialer::connected(const Url& url, tcp::socket socket) {
    attempt_.reset();
    net::Stream stream(std::move(socket), url.tls ? &tls_ : nullptr, net::Role::client);
    if (url.tls) SSL_set_tlsext_host_name(stream.native_tls(), url.host.c_str());
    connection_ = std::make_shared<net::Connection>(loop_, std::move(stream), handler_);
    connection_->start();
}

}  // namespace roomcast::bench
