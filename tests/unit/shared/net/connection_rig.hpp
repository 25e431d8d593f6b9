#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "shared/net/connection.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/tcp_pair.hpp"

/// Connections over the loopback, for the tests of connection.hpp and tls_context.hpp.
namespace roomcast::net {

inline const test::Certificates& certificates() {
    static const test::Certificates made;
    return made;
}

/// Owns one end of a connection and writes down what happens there.
struct End final : ConnectionHandler {
    End(Loop& loop, boost::asio::ip::tcp::socket socket, const TlsContext* tls = nullptr,
        Role role = Role::server)
        : connection(std::make_shared<Connection>(loop, Stream(std::move(socket), tls, role), *this)) {}
    ~End() {
        if (connection) connection->detach();
    }
    void on_ready() override { ready = true; }
    void on_bytes(std::span<char> bytes) override {
        received.append(bytes.data(), bytes.size());
        if (heard) heard();
    }
    void on_room_again() override {
        ++rooms;
        if (room_again) room_again();
    }
    void on_ended(std::string_view why) override {
        ++ends;
        reason = why;
        if (ended) ended();
    }
    void say(std::string_view text) { connection->send(SharedFrame::of({text})); }

    std::shared_ptr<Connection> connection;
    bool ready = false;
    std::string received;
    int rooms = 0;
    int ends = 0;
    std::string reason;
    std::function<void()> heard;
    std::function<void()> room_again;
    std::function<void()> ended;
};

struct Rig {
    boost::asio::io_context io;
    Loop loop{io};
    template <class Condition>
    [[nodiscard]] bool until(Condition holds) {
        return test::pump_until(io, holds);
    }
};

/// Both ends ours, with or without TLS.
struct Pair : Rig {
    std::shared_ptr<const TlsContext> server_tls;
    std::shared_ptr<const TlsContext> client_tls;
    std::optional<End> server;
    std::optional<End> client;

    explicit Pair(bool tls) {
        if (tls) {
            server_tls = TlsContext::server(certificates().certificate("node"), certificates().key("node"));
            client_tls = TlsContext::client(certificates().certificate("ca"));
        }
        test::TcpPair sockets(io);
        server.emplace(loop, std::move(sockets.far_end), server_tls.get(), Role::server);
        client.emplace(loop, std::move(sockets.near_end), client_tls.get(), Role::client);
        server->connection->start();
        client->connection->start();
        REQUIRE(until([&] { return server->ready && client->ready; }));
    }
};

/// One end ours, the other a bare socket.
struct HalfPair : Rig {
    std::optional<End> end;
    boost::asio::ip::tcp::socket peer{io};
    bool peer_ended = false;

    explicit HalfPair(const TlsContext* tls = nullptr) {
        test::TcpPair sockets(io);
        peer = std::move(sockets.far_end);
        end.emplace(loop, std::move(sockets.near_end), tls);
        end->connection->start();
    }
    void reset_by_peer() {
        peer.set_option(boost::asio::socket_base::linger(true, 0));
        peer.close();
    }
};

inline std::string numbered(std::size_t bytes) {
    std::string text;
    for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ",";
    text.resize(bytes);
    return text;
}

}  // namespace roomcast::net
