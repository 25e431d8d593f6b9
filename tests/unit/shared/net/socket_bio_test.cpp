#include "shared/net/socket_bio.hpp"

#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

namespace roomcast::net {
namespace {

struct Sockets {
    Sockets() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
        bio.reset(make_socket_bio(fds[0]));
        REQUIRE(bio);
    }
    ~Sockets() {
        ::close(fds[0]);
        if (fds[1] >= 0) ::close(fds[1]);
    }
    void close_peer() { ::close(std::exchange(fds[1], -1)); }
    struct Free {
        void operator()(BIO* made) const { BIO_free(made); }
    };
    int fds[2] = {-1, -1};
    std::unique_ptr<BIO, Free> bio;
};

}  // namespace

TEST_CASE("bytes go both ways, and an empty socket asks to try again") {
    Sockets sockets;
    char into[8] = {};
    CHECK(BIO_read(sockets.bio.get(), into, sizeof into) <= 0);
    CHECK(BIO_should_read(sockets.bio.get()));
    REQUIRE(::send(sockets.fds[1], "hello", 5, 0) == 5);
    CHECK(BIO_read(sockets.bio.get(), into, sizeof into) == 5);
    CHECK_FALSE(BIO_should_retry(sockets.bio.get()));
    CHECK(BIO_write(sockets.bio.get(), "there", 5) == 5);
    CHECK(::recv(sockets.fds[1], into, sizeof into, 0) == 5);
}

TEST_CASE("a full socket asks to try again") {
    Sockets sockets;
    const std::string much(1 << 20, 'x');
    int sent = 0;
    while ((sent = BIO_write(sockets.bio.get(), much.data(), static_cast<int>(much.size()))) > 0) {
    }
    CHECK(BIO_should_write(sockets.bio.get()));
}

TEST_CASE("a peer that is gone is the end of reading, and an error for writing that kills nobody") {
    Sockets sockets;
    sockets.close_peer();
    char into[8] = {};
    CHECK(BIO_read(sockets.bio.get(), into, sizeof into) == 0);
    CHECK_FALSE(BIO_should_retry(sockets.bio.get()));
    CHECK(BIO_eof(sockets.bio.get()));
    CHECK(BIO_write(sockets.bio.get(), "x", 1) <= 0);
    CHECK_FALSE(BIO_should_retry(sockets.bio.get()));
}

TEST_CASE("the socket outlives its BIO") {
    Sockets sockets;
    sockets.bio.reset();
    CHECK(::send(sockets.fds[0], "x", 1, 0) == 1);
}

}  // namespace roomcast::net
