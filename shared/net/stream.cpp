#include "shared/net/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <openssl/err.h>

namespace roomcast::net {
namespace {

IoOutcome plain_outcome(ssize_t result, IoStatus again) {
    if (result > 0) return {IoStatus::done, static_cast<std::size_t>(result)};
    if (result == 0) return {IoStatus::closed, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {again, 0};
    return {IoStatus::failed, 0};
}

}  // namespace

Stream::Stream(boost::asio::ip::tcp::socket socket, const TlsContext* tls, Role role)
    : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls->native()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1)
        throw std::runtime_error("no TLS session could be made: " + openssl_reason());
    if (role == Role::server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

IoOutcome Stream::outcome_of(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_NONE:
            return {IoStatus::done, static_cast<std::size_t>(std::max(result, 0))};
        case SSL_ERROR_WANT_READ:
            return {IoStatus::want_read, 0};
        case SSL_ERROR_WANT_WRITE:
            return {IoStatus::want_write, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {IoStatus::closed, 0};
        default:
            return {IoStatus::failed, 0};
    }
}

IoOutcome Stream::handshake() {
    if (!ssl_) return {IoStatus::done, 0};
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        handshaken_ = true;
        return {IoStatus::done, 0};
    }
    return outcome_of(result);
}

IoOutcome Stream::read(std::span<char> into) {
    if (!ssl_)
        return plain_outcome(::recv(socket_.native_handle(), into.data(), into.size(), 0),
                             IoStatus::want_read);
    ERR_clear_error();
    return outcome_of(
        SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
}

IoOutcome Stream::write(std::string_view bytes) {
    if (!ssl_)
        return plain_outcome(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                             IoStatus::want_write);
    ERR_clear_error();
    return outcome_of(
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX))));
}

void Stream::say_goodbye() {
    if (ssl_ && handshaken_) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace roomcast::net
