#include "ws-edge/link_client.hpp"

#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/pump.hpp"
#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::edge {
namespace {

using boost::asio::ip::tcp;

struct Deaf final : LinkClientListener {
    void on_link_up(LinkClient&) override {}
    void on_link_down(LinkClient&, std::string_view) override {}
    void on_link_event(LinkClient&, link::Event) override {}
};

/// Accepts, and keeps what it has accepted.
struct Door {
    explicit Door(boost::asio::io_context& io)
        : acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        accept();
    }
    void accept() {
        acceptor.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
            if (failed) return;
            sockets.push_back(std::move(socket));
            accept();
        });
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor.local_endpoint().port(); }

    tcp::acceptor acceptor;
    std::vector<tcp::socket> sockets;
};

}  // namespace

TEST_CASE(
    "a link that is aimed anew at any moment of its connecting holds one connection, and none once it is "
    "gone") {
    const auto& made = net::certificates();
    const auto tls =
        net::TlsContext::mutual(made.certificate("ca"), made.certificate("node"), made.key("node"));
    // After each number of turns of the loop; past the last ones the first connection stands.
    for (int turns = 0; turns < 12; ++turns) {
        CAPTURE(turns);
        boost::asio::io_context io;
        net::Loop loop(io);
        Door first(io);
        Door second(io);
        Deaf listener;
        auto link = std::make_unique<LinkClient>(loop, *tls, NodeId::trusted("edge-1"),
                                                 NodeId::trusted("worker-1"), listener);
        link->aim("127.0.0.1", first.port());
        for (int turn = 0; turn < turns; ++turn) io.run_one_for(std::chrono::milliseconds(20));
        link->aim("127.0.0.1", second.port());
        REQUIRE(test::pump_until(io, [&] { return !second.sockets.empty(); }));
        test::pump_ready(io);
        link.reset();
        // What is still open hears of the ends, and must not tell them to a link that is no more.
        first.sockets.clear();
        second.sockets.clear();
        first.acceptor.close();
        second.acceptor.close();
        io.run_for(std::chrono::milliseconds(50));
    }
}

}  // namespace roomcast::edge
