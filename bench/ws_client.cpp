#include "bench/ws_client.hpp"

namespace roomcast::bench {

using net::ws::Opcode;

WsClient::WsClient(net::Loop& loop, const net::TlsContext& tls, Handler& handler)
    : handler_(handler), dialer_(loop, tls, *this, [this](std::string_view why) { down(why); }) {}

void WsClient::open(const Url& url, std::string_view token) {
    key_ = net::ws::make_key();
    request_ =
        "GET " + url.target + " HTTP/1.1\r\nHost: " + url.authority() +
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
        key_ + "\r\n";
    if (!token.empty()) request_.append("Authorization: Bearer ").append(token).append("\r\n");
    request_ += "\r\n";
    dialer_.dial(url);
}

void WsClient::send(std::string_view text) {
    if (open_) dialer_.connection()->send(net::ws::encode(Opcode::text, text, net::Role::client));
}

void WsClient::on_ready() { dialer_.connection()->send(net::SharedFrame::of({request_})); }

void WsClient::on_bytes(std::span<char> bytes) {
    if (down_) return;
    open_ ? feed(bytes) : take_head(bytes);
}

void WsClient::take_head(std::span<char> bytes) {
    head_.append(bytes.data(), bytes.size());
    const auto end = head_.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (head_.size() > head_bytes) down("the answer to the upgrade has no end");
        return;
    }
    if (!head_.starts_with("HTTP/1.1 101 "))
        return down("no WebSocket: " + head_.substr(0, head_.find('\r')));
    if (head_.find(net::ws::accept_key(key_)) > end) return down("the answer to the upgrade has a wrong key");
    std::string rest = head_.substr(end + 4);
    std::string().swap(head_);
    open_ = true;
    handler_.on_open();
    if (!rest.empty()) feed(rest);
}

void WsClient::feed(std::span<char> bytes) {
    if (decoder_.feed(bytes, *this)) down("the server broke the WebSocket protocol");
}

bool WsClient::on_message(Opcode kind, std::string_view payload) {
    if (kind == Opcode::text) handler_.on_text(payload);
    return !down_;
}

bool WsClient::on_ping(std::string_view payload) {
    dialer_.connection()->send(net::ws::encode(Opcode::pong, payload, net::Role::client));
    return true;
}

bool WsClient::on_pong(std::string_view) { return true; }

bool WsClient::on_close(std::optional<std::uint16_t> code, std::string_view reason) {
    down("closed with " + (code ? std::to_string(*code) : std::string("no code")) + " " +
         std::string(reason));
    return false;
}

void WsClient::on_ended(std::string_view why) { down(why); }

void WsClient::down(std::string_view why) {
    if (down_) return;
    down_ = true;
    open_ = false;
    handler_.on_down(why);
}

}  // namespace roomcast::bench
