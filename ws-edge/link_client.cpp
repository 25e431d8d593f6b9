#include "ws-edge/link_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"
#include "shared/wire/link_codec.hpp"

namespace roomcast::edge {
namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {
constexpr auto connect_deadline = std::chrono::milliseconds(limits::link_connect_ms);
constexpr auto ping_every = std::chrono::milliseconds(limits::link_ping_ms);
constexpr auto silence_most = std::chrono::milliseconds(limits::link_silence_ms);
}  // namespace

LinkClient::LinkClient(net::Loop& loop, const net::TlsContext& tls, NodeId self, NodeId worker,
                       LinkClientListener& listener)
    : loop_(loop),
      tls_(tls),
      self_(std::move(self)),
      worker_(std::move(worker)),
      listener_(listener),
      resolver_(loop.io()),
      timer_(loop.io()),
      beat_timer_(loop.io()),
      alive_(std::make_shared<bool>(true)) {}

LinkClient::~LinkClient() {
    *alive_ = false;
    let_go();
}

void LinkClient::aim(const std::string& host, std::uint16_t port) {
    if (host == host_ && port == port_) return;
    host_ = host;
    port_ = port;
    drop("the worker moved");
    connect();
}

void LinkClient::connect() {
    let_go();
    const auto attempt = attempt_;
    timer_.expires_after(connect_deadline);
    timer_.async_wait([this, alive = alive_, attempt](boost::system::error_code stopped) {
        if (stopped || !*alive || attempt != attempt_ || up_) return;
        drop("no connection in time");
        connect();
    });
    resolver_.cancel();
    resolver_.async_resolve(host_, std::to_string(port_),
                            [this, alive = alive_, attempt](boost::system::error_code failed,
                                                            const tcp::resolver::results_type& found) {
                                if (!*alive || attempt != attempt_) return;
                                if (failed) return retry();
                                connecting_ = std::make_shared<tcp::socket>(loop_.io());
                                asio::async_connect(
                                    *connecting_, found,
                                    [this, alive, attempt, socket = connecting_](
                                        boost::system::error_code refused, const tcp::endpoint&) {
                                        if (!*alive || attempt != attempt_) return;
                                        connecting_.reset();
                                        if (refused) return retry();
                                        head_.clear();
                                        decoder_.reset();
                                        heard_bytes_ = 0;
                                        connection_ = std::make_shared<net::Connection>(
                                            loop_, net::Stream(std::move(*socket), &tls_, net::Role::client),
                                            *this);
                                        connection_->start();
                                    });
                            });
}

void LinkClient::retry() {
    timer_.expires_after(std::chrono::milliseconds(limits::link_retry_ms));
    timer_.async_wait([this, alive = alive_, attempt = attempt_](boost::system::error_code stopped) {
        if (!stopped && *alive && attempt == attempt_) connect();
    });
}

void LinkClient::let_go() {
    ++attempt_;
    if (connecting_) {
        boost::system::error_code ignored;
        connecting_->close(ignored);
        connecting_.reset();
    }
    if (connection_) std::exchange(connection_, nullptr)->detach();
    beat_timer_.cancel();
}

void LinkClient::drop(std::string_view why) {
    let_go();
    if (std::exchange(up_, false)) listener_.on_link_down(*this, why);
}

void LinkClient::on_ready() {
    key_ = net::ws::make_key();
    connection_->send(
        net::SharedFrame::of({"GET /link HTTP/1.1\r\nHost: " + host_ +
                              "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: " +
                              key_ + "\r\nSec-WebSocket-Protocol: " + std::string(link::protocol_name) +
                              "\r\nX-Roomcast-Node: " + self_.str() + "\r\n\r\n"}));
}

void LinkClient::on_bytes(std::span<char> bytes) {
    if (!decoder_) {
        head_.append(bytes.data(), bytes.size());
        const auto end = head_.find("\r\n\r\n");
        if (end == std::string::npos) {
            if (head_.size() > limits::http_header_bytes) connection_->abort("not a worker's answer");
            return;
        }
        const std::string accept = "Sec-WebSocket-Accept: " + net::ws::accept_key(key_) + "\r\n";
        if (!head_.starts_with("HTTP/1.1 101 ") || head_.find(accept) == std::string::npos)
            return connection_->abort("the worker refused the link");
        decoder_ = std::make_unique<net::ws::Decoder>(net::Role::client, limits::link_frame_bytes);
        timer_.cancel();
        up_ = true;
        heard_ = beaten_ = Clock::now();
        beat();
        listener_.on_link_up(*this);
        std::string rest = head_.substr(end + 4);
        head_ = {};
        if (!rest.empty() && connection_) on_bytes(rest);
        return;
    }
    if (decoder_->feed(bytes, *this) && connection_) connection_->abort("the worker broke the protocol");
}

void LinkClient::on_ended(std::string_view why) {
    connection_.reset();
    beat_timer_.cancel();
    if (std::exchange(up_, false)) listener_.on_link_down(*this, why);
    retry();
}

void LinkClient::beat() {
    beat_timer_.expires_after(ping_every);
    beat_timer_.async_wait([this, alive = alive_](boost::system::error_code stopped) {
        if (stopped || !*alive || !connection_) return;
        const auto now = Clock::now();
        if (connection_->bytes_received() != heard_bytes_) {
            heard_bytes_ = connection_->bytes_received();
            heard_ = now;
        }
        // When this loop itself was held up, what came in meanwhile is not read yet: judge by the next beat.
        const bool late = now - beaten_ > 2 * ping_every;
        beaten_ = now;
        if (!late && now - heard_ > silence_most) {
            drop("the worker is silent");
            return retry();
        }
        connection_->send(net::ws::encode(net::ws::Opcode::ping, {}, net::Role::client));
        beat();
    });
}

void LinkClient::send(const link::Request& request) {
    if (!up_ || !connection_) return;
    connection_->send(net::ws::encode(net::ws::Opcode::binary, link::encode(request), net::Role::client));
    if (connection_->owed_bytes() > limits::link_outbox_bytes) connection_->abort("the worker does not read");
}

bool LinkClient::on_message(net::ws::Opcode kind, std::string_view payload) {
    auto event = link::decode_event(payload);
    if (kind != net::ws::Opcode::binary || !event) {
        connection_->abort("the worker sent what is no event");
        return false;
    }
    listener_.on_link_event(*this, std::move(event.value()));
    return connection_ != nullptr;
}

bool LinkClient::on_ping(std::string_view payload) {
    connection_->send(net::ws::encode(net::ws::Opcode::pong, payload, net::Role::client));
    return true;
}

bool LinkClient::on_close(std::optional<std::uint16_t>, std::string_view) {
    connection_->abort("the worker said goodbye");
    return false;
}

}  // namespace roomcast::edge
