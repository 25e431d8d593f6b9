#include "consumer/link_server.hpp"

#include <boost/asio/post.hpp>

#include "consumer/link_peer.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {
constexpr auto edge_silence = std::chrono::seconds(5);
constexpr auto tick_every = std::chrono::milliseconds(50);
constexpr std::size_t batch_bytes = 256 * 1024;  // a Messages event grows no further before it is sent
}  // namespace

LinkPeer::LinkPeer(LinkServer& server, std::uint64_t number, net::Stream stream)
    : server_(server),
      number_(number),
      connection_(std::make_shared<net::Connection>(server.loop_, std::move(stream), *this)),
      http_(std::make_unique<net::http::RequestReader>()),
      heard_(Clock::now()),
      alive_(std::make_shared<bool>(true)) {}

LinkPeer::~LinkPeer() {
    *alive_ = false;
    if (id_) server_.service_.detach(*id_);
    connection_->detach();
}

void LinkPeer::on_bytes(std::span<char> bytes) {
    if (decoder_) {
        if (decoder_->feed(bytes, *this)) connection_->abort("the edge broke the protocol");
        return;
    }
    auto request = http_->feed(bytes);
    if (!request) return connection_->abort("no link request");
    if (!*request) return;
    upgrade(**request);
}

void LinkPeer::upgrade(const net::http::Request& request) {
    if (!request.wants_websocket || request.path() != "/link" ||
        request.header("sec-websocket-protocol") != std::optional<std::string_view>(link::protocol_name)) {
        connection_->send(net::SharedFrame::of(
            {net::http::serialize(net::http::error_response(Error{
                                      Errc::not_found, "links are made at /link, with the subprotocol " +
                                                           std::string(link::protocol_name)}),
                                  false)}));
        return connection_->finish();
    }
    connection_->send(
        net::SharedFrame::of({"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
                              "Connection: Upgrade\r\nSec-WebSocket-Accept: ",
                              net::ws::accept_key(*request.header("sec-websocket-key")),
                              "\r\nSec-WebSocket-Protocol: ", link::protocol_name, "\r\n\r\n"}));
    edge_ = std::string(request.header("x-roomcast-node").value_or("?"));
    std::string rest = http_->take_rest();
    http_.reset();
    decoder_ = std::make_unique<net::ws::Decoder>(net::Role::server, limits::link_frame_bytes);
    id_ = server_.service_.attach(*this);
    server_.log_.info("edge_linked", {{"edge", edge_}});
    if (!rest.empty()) on_bytes(rest);
}

bool LinkPeer::on_message(net::ws::Opcode kind, std::string_view payload) {
    auto request = link::decode_request(payload);
    if (kind != net::ws::Opcode::binary || !request) {
        connection_->abort("the edge sent what is no request");
        return false;
    }
    server_.service_.on_request(*id_, std::move(request.value()));
    return connection_->open();
}

bool LinkPeer::on_ping(std::string_view payload) {
    flush_batch();
    connection_->send(net::ws::encode(net::ws::Opcode::pong, payload));
    return true;
}

bool LinkPeer::on_close(std::optional<std::uint16_t>, std::string_view) {
    connection_->abort("the edge said goodbye");
    return false;
}

void LinkPeer::put(std::string_view payload) {
    connection_->send(net::ws::encode(net::ws::Opcode::binary, payload));
    if (connection_->owed_bytes() <= limits::link_outbox_bytes) return;
    // Not from inside the hub's loop over its subscribers.
    boost::asio::post(server_.loop_.io(), [this, alive = alive_] {
        if (*alive) connection_->abort("the edge does not read");
    });
}

void LinkPeer::send(link::Event event) {
    flush_batch();
    put(link::encode(event));
}

void LinkPeer::deliver(link::SubId sub, std::span<const link::Entry> entries) {
    batch_.add(sub, entries);
    if (batch_.bytes() >= batch_bytes) return flush_batch();
    if (flush_scheduled_) return;
    flush_scheduled_ = true;
    boost::asio::post(server_.loop_.io(), [this, alive = alive_] {
        if (!*alive) return;
        flush_scheduled_ = false;
        flush_batch();
    });
}

void LinkPeer::flush_batch() {
    if (!batch_.empty()) put(batch_.take());
}

void LinkPeer::tick(Clock::time_point now) {
    if (connection_->bytes_received() != heard_bytes_) {
        heard_bytes_ = connection_->bytes_received();
        heard_ = now;
    }
    if (now - heard_ > edge_silence) connection_->abort("the edge is silent");
}

void LinkPeer::on_ended(std::string_view why) {
    if (id_) server_.log_.info("edge_unlinked", {{"edge", edge_}, {"why", why}});
    server_.let_go(number_);
}

LinkServer::LinkServer(net::Loop& loop, std::shared_ptr<const net::TlsContext> tls, Service& service,
                       ops::Log& log)
    : loop_(loop),
      tls_(std::move(tls)),
      service_(service),
      log_(log),
      acceptor_(loop.io()),
      timer_(loop.io()),
      alive_(std::make_shared<bool>(true)) {}

LinkServer::~LinkServer() { *alive_ = false; }

std::uint16_t LinkServer::listen(const std::string& address, std::uint16_t port) {
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    accept();
    tick();
    return acceptor_.local_endpoint().port();
}

void LinkServer::accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (!failed) {
            const std::uint64_t number = next_number_++;
            auto& peer = peers_[number];
            peer = std::make_unique<LinkPeer>(*this, number,
                                              net::Stream(std::move(socket), tls_.get(), net::Role::server));
            peer->start();
        }
        accept();
    });
}

void LinkServer::let_go(std::uint64_t number) {
    // Calls of this very peer may be on the stack.
    asio::post(loop_.io(), [this, alive = alive_, number] {
        if (*alive) peers_.erase(number);
    });
}

void LinkServer::stop_accepting() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

void LinkServer::when_unused(std::function<void()> done) { when_unused_ = std::move(done); }

void LinkServer::tick() {
    timer_.expires_after(tick_every);
    timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        const auto now = Clock::now();
        for (auto& [number, peer] : peers_) peer->tick(now);
        if (when_unused_ && service_.subscriptions() == 0) std::exchange(when_unused_, nullptr)();
        tick();
    });
}

}  // namespace roomcast::consumer
