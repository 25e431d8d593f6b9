#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <openssl/ssl.h>

#include "shared/net/tls_context.hpp"

namespace roomcast::net {

/// How a non-blocking step ended. `want_read` and `want_write`: try again when the socket is ready for that.
enum class IoStatus { done, want_read, want_write, closed, failed };
struct IoOutcome {
    IoStatus status = IoStatus::done;
    std::size_t bytes = 0;
};
enum class Role { server, client };

/// A non-blocking TCP socket, with TLS driven on its file descriptor or without TLS.
///
/// Owned by one Connection and used on its thread only. Never blocks and never waits: it says what to wait
/// for. OpenSSL gives its record buffers back whenever they are empty.
class Stream {
public:
    /// `tls` may be null for plain TCP. The stream keeps what it needs of it.
    Stream(boost::asio::ip::tcp::socket socket, const TlsContext* tls, Role role);

    [[nodiscard]] IoOutcome handshake();
    [[nodiscard]] IoOutcome read(std::span<char> into);
    /// Something came that `read` has not given yet, and that the socket does not announce.
    [[nodiscard]] bool holds_input() const;
    [[nodiscard]] IoOutcome write(std::string_view bytes);
    /// Says goodbye (TLS close_notify, then TCP FIN). Best effort.
    void say_goodbye();

    [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
    [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }
    [[nodiscard]] SSL* native_tls() const { return ssl_.get(); }

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    [[nodiscard]] IoOutcome outcome_of(int result);
    void prepare_records(std::size_t bytes);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<SSL, Free> ssl_;
    bool handshaken_ = false;
    bool small_records_ = false;
    std::uint16_t pending_bytes_ = 0;  // of a small record that the socket has not taken whole
};

}  // namespace roomcast::net
