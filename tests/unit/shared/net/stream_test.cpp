#include "shared/net/stream.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {
namespace {

/// A server of ours and OpenSSL as its client, which may be told what to offer before they shake hands.
struct TlsPair : Rig {
    std::shared_ptr<const TlsContext> server_tls =
        TlsContext::server(certificates().certificate("node"), certificates().key("node"));
    std::shared_ptr<const TlsContext> client_tls = TlsContext::client(certificates().certificate("ca"));
    std::optional<End> server;
    std::optional<End> client;

    void connect() {
        test::TcpPair sockets(io);
        server.emplace(loop, std::move(sockets.far_end), server_tls.get(), Role::server);
        client.emplace(loop, std::move(sockets.near_end), client_tls.get(), Role::client);
        server->connection->start();
        client->connection->start();
        REQUIRE(until([&] { return server->ready && client->ready; }));
    }
    [[nodiscard]] SSL* openssl() const { return client->connection->stream().native_tls(); }
    [[nodiscard]] bool server_is_openssl() const {
        return server->connection->stream().native_tls() != nullptr;
    }
    void talk() {
        const std::string up = numbered(50'000), down = numbered(70'000);
        const std::size_t heard_up = server->received.size(), heard_down = client->received.size();
        client->say(up);
        server->say(down);
        REQUIRE(until([&] {
            return server->received.size() >= heard_up + up.size() &&
                   client->received.size() >= heard_down + down.size();
        }));
        CHECK(server->received.substr(heard_up) == up);
        CHECK(client->received.substr(heard_down) == down);
    }
};

}  // namespace

TEST_CASE("a server talks over every suite of TLS 1.3 without OpenSSL, once it has shaken hands") {
    for (const char* suite :
         {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
        CAPTURE(std::string(suite));
        TlsPair pair;
        REQUIRE(SSL_CTX_set_ciphersuites(pair.client_tls->native(), suite) == 1);
        pair.connect();
        CHECK(std::string(SSL_get_cipher_name(pair.openssl())) == suite);
        CHECK_FALSE(pair.server_is_openssl());
        CHECK(pair.server->connection->stream().is_tls());
        pair.talk();
        pair.talk();
    }
}

TEST_CASE("OpenSSL goes on where our own records do not: TLS 1.2, and suites that are not known here") {
    SUBCASE("TLS 1.2") {
        TlsPair pair;
        SSL_CTX_set_max_proto_version(pair.client_tls->native(), TLS1_2_VERSION);
        pair.connect();
        CHECK(pair.server_is_openssl());
        pair.talk();
        pair.talk();
    }
    SUBCASE("a client that wants small records") {
        TlsPair pair;
        REQUIRE(SSL_CTX_set_tlsext_max_fragment_length(pair.client_tls->native(),
                                                       TLSEXT_max_fragment_length_512) == 1);
        pair.connect();
        CHECK(pair.server_is_openssl());
        pair.talk();
    }
    SUBCASE("a suite that somebody has switched on") {
        TlsPair pair;
        constexpr const char* suite = "TLS_AES_128_CCM_SHA256";
        REQUIRE(SSL_CTX_set_ciphersuites(pair.client_tls->native(), suite) == 1);
        REQUIRE(SSL_CTX_set_ciphersuites(pair.server_tls->native(), suite) == 1);
        pair.connect();
        CHECK(pair.server_is_openssl());
        pair.talk();
        pair.talk();
    }
}

TEST_CASE("OpenSSL's key updates are followed, and answered") {
    TlsPair pair;
    pair.connect();
    for (const int kind :
         {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
        REQUIRE(SSL_key_update(pair.openssl(), kind) == 1);
        pair.talk();
    }
    CHECK(pair.server->ends == 0);
    CHECK(pair.client->ends == 0);
}

TEST_CASE("OpenSSL's padding is taken off") {
    TlsPair pair;
    REQUIRE(SSL_CTX_set_block_padding(pair.client_tls->native(), 512) == 1);
    pair.connect();
    pair.talk();
}

TEST_CASE("what a client says together with the end of its handshake is heard") {
    TlsPair pair;
    test::TcpPair sockets(pair.io);
    pair.server.emplace(pair.loop, std::move(sockets.far_end), pair.server_tls.get(), Role::server);
    pair.client.emplace(pair.loop, std::move(sockets.near_end), pair.client_tls.get(), Role::client);
    // The client's socket is its own loop's: all that it says lies there before the server reads any of it.
    auto& hasty = *pair.client;
    pair.server->connection->start();
    hasty.connection->start();
    REQUIRE(pair.until([&] {
        if (hasty.ready && hasty.connection->open() && hasty.connection->owed_bytes() == 0 &&
            !pair.server->ready)
            hasty.say("at once");
        return pair.server->ready && !pair.server->received.empty();
    }));
    CHECK(pair.server->received.starts_with("at once"));
}

TEST_CASE("both sides hear each other's goodbye") {
    TlsPair pair;
    pair.connect();
    pair.server->say("last");
    pair.server->connection->finish();
    REQUIRE(pair.until([&] { return pair.client->ends == 1 && pair.server->ends == 1; }));
    CHECK(pair.client->received == "last");
    CHECK((SSL_get_shutdown(pair.openssl()) & SSL_RECEIVED_SHUTDOWN) != 0);

    TlsPair other;
    other.connect();
    other.client->connection->finish();
    REQUIRE(other.until([&] { return other.client->ends == 1 && other.server->ends == 1; }));
    CHECK(other.server->reason == "the peer closed");
}

}  // namespace roomcast::net
