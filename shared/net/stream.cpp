#include "shared/net/stream.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <openssl/err.h>

#include "shared/net/socket_bio.hpp"

namespace roomcast::net {
namespace {

constexpr std::size_t small_record_bytes = 900;  // with TLS around it, within malloc's 1,032 bytes

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
    BIO* const bio = ssl_ ? make_socket_bio(socket_.native_handle()) : nullptr;
    if (bio == nullptr) throw std::runtime_error("no TLS session could be made: " + openssl_reason());
    SSL_set_bio(ssl_.get(), bio, bio);  // and it is the session's
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

bool Stream::holds_input() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

/// OpenSSL takes a buffer for each write and gives it back, as large as the largest record that it may send.
/// One for a single message is small enough for malloc's quick way; one for 16 KiB costs more than the
/// encryption.
void Stream::prepare_records(std::size_t bytes) {
    const bool small = bytes <= small_record_bytes;
    if (small == small_records_) return;
    small_records_ = small;
    const auto most = static_cast<long>(small ? small_record_bytes : SSL3_RT_MAX_PLAIN_LENGTH);
    SSL_set_max_send_fragment(ssl_.get(), most);
    SSL_set_split_send_fragment(ssl_.get(), most);
}

IoOutcome Stream::write(std::string_view bytes) {
    if (!ssl_)
        return plain_outcome(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                             IoStatus::want_write);
    // A record that was begun keeps its buffer, and ends before a larger one may begin.
    if (pending_bytes_ != 0) {
        bytes = bytes.substr(0, pending_bytes_);
    } else {
        prepare_records(bytes.size());
    }
    ERR_clear_error();
    const IoOutcome outcome = outcome_of(
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX))));
    const bool begun = outcome.status == IoStatus::want_write || outcome.status == IoStatus::want_read;
    pending_bytes_ = begun && small_records_ ? static_cast<std::uint16_t>(bytes.size()) : 0;
    return outcome;
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
