#pragma once

#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "shared/net/connection.hpp"
#include "shared/net/http.hpp"
#include "shared/net/websocket.hpp"

namespace roomcast::echo {

/// One TCP connection: an HTTP request that upgrades, then echoes. Ends as a session of the edge does.
///
/// Owned by the server, lives on its thread. Calls `gone` once, last, when the connection has ended.
class EchoClient final : public net::ConnectionHandler, public net::ws::MessageSink {
public:
    EchoClient(net::Loop& loop, net::Stream stream, std::size_t message_bytes, std::function<void()> gone);
    ~EchoClient();
    EchoClient(const EchoClient&) = delete;
    EchoClient& operator=(const EchoClient&) = delete;

    void start() { connection_->start(); }

private:
    void on_bytes(std::span<char> bytes) override;
    void on_room_again() override { connection_->resume_reading(); }
    void on_ended(std::string_view why) override;
    bool on_message(net::ws::Opcode kind, std::string_view payload) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override;

    void read_request(std::span<const char> bytes);
    void serve(const net::http::Request& request);
    void refuse(const net::http::Response& response);
    void read_frames(std::span<char> bytes);
    void say(net::SharedFrame frame);
    void finish();

    std::shared_ptr<net::Connection> connection_;
    std::unique_ptr<net::http::RequestReader> http_;  // until the upgrade
    net::ws::Decoder decoder_;
    boost::asio::steady_timer deadline_;
    std::function<void()> gone_;
    bool broken_ = false;  // the peer broke the protocol
};

}  // namespace roomcast::echo
