#include "shared/net/tls_context.hpp"

#include <memory>
#include <stdexcept>

#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {

TEST_CASE("a handshake with garbage ends, and so does one with nobody") {
    const auto tls = TlsContext::server(certificates().certificate("node"), certificates().key("node"));
    HalfPair garbage(tls.get());
    boost::asio::write(garbage.peer, boost::asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
    REQUIRE(garbage.until([&] { return garbage.end->ends == 1; }));
    CHECK_FALSE(garbage.end->ready);
    CHECK(garbage.end->received.empty());
    HalfPair nobody(tls.get());
    nobody.peer.close();
    REQUIRE(nobody.until([&] { return nobody.end->ends == 1; }));
    HalfPair silent(tls.get());
    test::pump_ready(silent.io);
    CHECK(silent.end->ends == 0);
    silent.end->connection->finish();  // nothing can be said yet: it just ends
    CHECK(silent.end->ends == 1);
}

TEST_CASE("nodes trust only certificates of their own CA, in both directions") {
    const auto& made = certificates();
    const auto node = TlsContext::mutual(made.certificate("ca"), made.certificate("node"), made.key("node"));
    const auto stranger =
        TlsContext::mutual(made.certificate("ca"), made.certificate("stranger"), made.key("stranger"));
    const auto nameless = TlsContext::client(made.certificate("ca"));
    const auto connects = [&](const TlsContext& server_tls, const TlsContext& client_tls) {
        Rig rig;
        test::TcpPair sockets(rig.io);
        End server(rig.loop, std::move(sockets.far_end), &server_tls, Role::server);
        End client(rig.loop, std::move(sockets.near_end), &client_tls, Role::client);
        server.connection->start();
        client.connection->start();
        client.say("not before the handshake");
        REQUIRE(rig.until([&] { return server.ready || server.ends == 1; }));
        return server.ready;
    };
    CHECK(connects(*node, *node));
    CHECK_FALSE(connects(*node, *stranger));
    CHECK_FALSE(connects(*stranger, *node));
    CHECK_FALSE(connects(*node, *nameless));
}

TEST_CASE("a client that comes back may resume its session, by a ticket that it keeps itself") {
    const auto server_tls =
        TlsContext::server(certificates().certificate("node"), certificates().key("node"));
    const auto client_tls = TlsContext::client(certificates().certificate("ca"));
    std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> kept(nullptr, &SSL_SESSION_free);
    for (const bool again : {false, true}) {
        Rig rig;
        test::TcpPair sockets(rig.io);
        End server(rig.loop, std::move(sockets.far_end), server_tls.get(), Role::server);
        End client(rig.loop, std::move(sockets.near_end), client_tls.get(), Role::client);
        SSL* const tls = client.connection->stream().native_tls();
        if (again) REQUIRE(SSL_set_session(tls, kept.get()) == 1);
        server.connection->start();
        client.connection->start();
        REQUIRE(rig.until([&] { return server.ready && client.ready; }));
        server.say("the ticket came before this");
        REQUIRE(rig.until([&] { return !client.received.empty(); }));
        CHECK((SSL_session_reused(tls) == 1) == again);
        // A copy: the session itself is spoiled when its connection ends without a goodbye.
        kept.reset(SSL_SESSION_dup(SSL_get0_session(tls)));
        CHECK(SSL_CTX_sess_number(server_tls->native()) == 0);
    }
}

TEST_CASE("a certificate that cannot be used is told by its name at start-up") {
    const auto& made = certificates();
    CHECK_THROWS_WITH_AS((void)TlsContext::server("/nowhere/x.crt", made.key("node")),
                         doctest::Contains("/nowhere/x.crt"), std::runtime_error);
    CHECK_THROWS_AS((void)TlsContext::server(made.certificate("node"), made.key("ca")), std::runtime_error);
    CHECK_THROWS_AS((void)TlsContext::client(made.key("node")), std::runtime_error);
}

}  // namespace roomcast::net
