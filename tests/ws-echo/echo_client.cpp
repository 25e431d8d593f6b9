#include "tests/ws-echo/echo_client.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::echo {
namespace ws = net::ws;

EchoClient::EchoClient(net::Loop& loop, net::Stream stream, std::size_t message_bytes,
                       std::function<void()> gone)
    : connection_(std::make_shared<net::Connection>(loop, std::move(stream), *this)),
      http_(std::make_unique<net::http::RequestReader>()),
      decoder_(net::Role::server, message_bytes),
      deadline_(loop.io()),
      gone_(std::move(gone)) {}

EchoClient::~EchoClient() { connection_->detach(); }

void EchoClient::on_bytes(std::span<char> bytes) {
    if (http_) return read_request(bytes);
    read_frames(bytes);
}

void EchoClient::read_request(std::span<const char> bytes) {
    auto request = http_->feed(bytes);
    if (!request) return refuse(net::http::error_response(request.error()));
    if (!*request) return;
    serve(**request);
    if (!connection_->open()) return;
    std::string rest = http_->take_rest();
    http_.reset();
    if (!rest.empty()) read_frames(rest);
}

void EchoClient::serve(const net::http::Request& request) {
    if (!request.wants_websocket) {
        net::http::Response response;
        response.status = 426;
        response.content_type = "text/plain";
        response.body = "this is a WebSocket echo server\n";
        response.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
        return refuse(response);
    }
    connection_->send(
        net::SharedFrame::of({"HTTP/1.1 101 Switching Protocols\r\nServer: roomcast\r\nUpgrade: "
                              "websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: ",
                              ws::accept_key(*request.header("sec-websocket-key")), "\r\n\r\n"}));
}

void EchoClient::refuse(const net::http::Response& response) {
    connection_->send(net::SharedFrame::of({net::http::serialize(response, false)}));
    finish();
}

void EchoClient::read_frames(std::span<char> bytes) {
    if (broken_) return;
    const auto broken = decoder_.feed(bytes, *this);
    if (!broken) return;
    broken_ = true;
    connection_->send(ws::encode_close(*broken, reason_of(*broken)));
    if (connection_->reading_paused()) connection_->resume_reading();
    // As a session of the edge: the peer has a moment to answer, although nothing it says is understood.
    deadline_.expires_after(std::chrono::milliseconds(limits::broken_close_ms));
    deadline_.async_wait([this](boost::system::error_code stopped) {
        if (!stopped) finish();
    });
}

void EchoClient::say(net::SharedFrame frame) {
    connection_->send(std::move(frame));
    // Echoes pile up only as fast as messages come.
    if (connection_->owed_bytes() > limits::outbox_bytes) connection_->pause_reading();
}

bool EchoClient::on_message(ws::Opcode kind, std::string_view payload) {
    say(ws::encode(kind, payload));
    return true;
}

bool EchoClient::on_ping(std::string_view payload) {
    say(ws::encode(ws::Opcode::pong, payload));
    return true;
}

bool EchoClient::on_pong(std::string_view) { return true; }

bool EchoClient::on_close(std::optional<std::uint16_t> code, std::string_view) {
    connection_->send(code ? ws::encode_close(static_cast<CloseCode>(*code), {})
                           : ws::encode(ws::Opcode::close, {}));
    finish();
    return false;
}

void EchoClient::finish() {
    connection_->finish();
    deadline_.expires_after(std::chrono::milliseconds(limits::close_deadline_ms));
    deadline_.async_wait([this](boost::system::error_code stopped) {
        if (!stopped) connection_->abort("the deadline for its end passed");
    });
}

void EchoClient::on_ended(std::string_view) {
    deadline_.cancel();
    gone_();
}

}  // namespace roomcast::echo
