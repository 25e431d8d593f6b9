#include "shared/net/stream.hpp"

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <openssl/err.h>

#include "shared/net/socket_bio.hpp"

namespace roomcast::net {
namespace {

IoOutcome plain_outcome(ssize_t result, IoStatus again) {
    if (result > 0) return {IoStatus::done, static_cast<std::size_t>(result)};
    if (result == 0) return {IoStatus::closed, 0};
    if (try_again()) return {again, 0};
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
        handover_ = std::make_unique<Handover>(ssl_.get(), tls->sends_ticket());
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

IoOutcome Stream::handshake(CipherContexts& contexts) {
    if (!ssl_) return {IoStatus::done, 0};
    ERR_clear_error();
    int result = SSL_do_handshake(ssl_.get());
    if (result == 1 && handover_ && handover_->begin_ticket()) result = SSL_do_handshake(ssl_.get());
    if (result != 1) return outcome_of(result);
    handshaken_ = true;
    if (handover_) hand_over(contexts);
    return {IoStatus::done, 0};
}

void Stream::hand_over(CipherContexts& contexts) {
    records_ = handover_->finish(socket_.native_handle(), contexts);
    handover_.reset();
    if (records_) {
        // Else OpenSSL looks for the session in a cache that is switched off, to spoil it.
        SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        ssl_.reset();
    } else {
        SSL_set_read_ahead(ssl_.get(), 1);  // a record's head and body by one call
    }
}

IoOutcome Stream::read(std::span<char> into) {
    if (records_) return records_->read(into);
    if (!ssl_)
        return plain_outcome(::recv(socket_.native_handle(), into.data(), into.size(), 0),
                             IoStatus::want_read);
    ERR_clear_error();
    return outcome_of(
        SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
}

bool Stream::holds_input() const {
    return records_ ? records_->holds_input() : ssl_ && SSL_has_pending(ssl_.get()) == 1;
}

IoOutcome Stream::write(std::string_view bytes) {
    if (records_) return records_->write(bytes);
    if (!ssl_)
        return plain_outcome(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                             IoStatus::want_write);
    ERR_clear_error();
    return outcome_of(
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX))));
}

void Stream::say_goodbye() {
    if (records_) {
        records_->say_goodbye();
    } else if (ssl_ && handshaken_) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace roomcast::net
