#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <openssl/ssl.h>

#include "shared/net/handover.hpp"
#include "shared/net/io_outcome.hpp"
#include "shared/net/prefetch.hpp"
#include "shared/net/record_layer.hpp"
#include "shared/net/tls_context.hpp"

namespace roomcast::net {

enum class Role { server, client };

/// A non-blocking TCP socket, with TLS driven on its file descriptor or without TLS.
///
/// Owned by one Connection and used on its thread only. Never blocks and never waits: it says what to wait
/// for. OpenSSL shakes hands; a server's TLS 1.3 then goes on without it (RecordLayer). Where OpenSSL goes
/// on, it gives its record buffers back whenever they are empty.
class Stream {
public:
    /// `tls` may be null for plain TCP. The stream keeps what it needs of it.
    Stream(boost::asio::ip::tcp::socket socket, const TlsContext* tls, Role role);
    Stream(Stream&&) = default;
    Stream& operator=(Stream&&) = delete;

    /// `contexts` is where records are sealed and opened thereafter.
    [[nodiscard]] IoOutcome handshake(CipherContexts& contexts);
    /// `into` has room for `RecordLayer::least_read_bytes`.
    [[nodiscard]] IoOutcome read(std::span<char> into);
    /// Something came that `read` has not given yet, and that the socket does not announce.
    [[nodiscard]] bool holds_input() const;
    [[nodiscard]] IoOutcome write(std::string_view bytes);
    /// Says goodbye (TLS close_notify, then TCP FIN). Best effort.
    void say_goodbye();

    /// Where there are records of our own; else null.
    [[nodiscard]] RecordLayer* records() const { return records_.get(); }
    void prefetch() const { prefetch_lines<3>(records_.get()); }

    [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }
    [[nodiscard]] bool is_tls() const { return ssl_ != nullptr || records_ != nullptr; }
    /// Null without TLS, and for a server once OpenSSL has no more part in it.
    [[nodiscard]] SSL* native_tls() const { return ssl_.get(); }

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    [[nodiscard]] IoOutcome outcome_of(int result);
    void hand_over(CipherContexts& contexts);

    std::unique_ptr<RecordLayer> records_;
    std::unique_ptr<SSL, Free> ssl_;
    std::unique_ptr<Handover> handover_;  // while a server shakes hands
    boost::asio::ip::tcp::socket socket_;
    bool handshaken_ = false;
};

}  // namespace roomcast::net
