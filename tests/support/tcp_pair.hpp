#pragma once

#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace roomcast::test {

/// Two ends of one TCP connection over the loopback.
struct TcpPair {
    using tcp = boost::asio::ip::tcp;

    explicit TcpPair(boost::asio::io_context& io) : near_end(io), far_end(io) {
        tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
        near_end.connect(acceptor.local_endpoint());
        acceptor.accept(far_end);
    }
    tcp::socket near_end;
    tcp::socket far_end;
};

/// Takes what lies ready at a socket, up to `most` bytes, without waiting. `ended`: the peer has closed or
/// reset.
inline std::string take_ready(boost::asio::ip::tcp::socket& socket, bool& ended,
                              std::size_t most = SIZE_MAX) {
    std::string taken;
    char piece[16 * 1024];
    while (taken.size() < most) {
        const auto got =
            ::recv(socket.native_handle(), piece, std::min(sizeof piece, most - taken.size()), MSG_DONTWAIT);
        if (got <= 0) {
            ended = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
            break;
        }
        taken.append(piece, static_cast<std::size_t>(got));
    }
    return taken;
}

}  // namespace roomcast::test
