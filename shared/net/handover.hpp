#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <openssl/ssl.h>

#include "shared/net/record_cipher.hpp"
#include "shared/net/record_layer.hpp"

namespace roomcast::net {

/// From OpenSSL, which shakes hands, to our own records, which are cheaper: holds back OpenSSL from reading
/// beyond the handshake, and catches the two traffic secrets that it ends with.
///
/// Owned by a server's Stream while it shakes hands; the SSL must outlive it. Used on one thread.
class Handover {
public:
    /// Has a context's connections tell their secrets to their Handover, where they have one.
    static void prepare(SSL_CTX* context);

    Handover(SSL* ssl, bool sends_ticket);
    ~Handover();
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;

    /// The handshake is done. True, once, if a session ticket is to be sent first: by another
    /// `SSL_do_handshake`.
    [[nodiscard]] bool begin_ticket();
    /// What goes on in the SSL's place; null where OpenSSL has to: TLS 1.2, a suite that is not known here, a
    /// client that wants small records (RFC 6066, 4), or a ticket whose records were not counted.
    [[nodiscard]] std::unique_ptr<RecordLayer> finish(int fd, CipherContexts& contexts);

private:
    static void on_secret(const SSL* ssl, const char* line);
    static void on_record(int is_write, int version, int content_type, const void* bytes, std::size_t size,
                          SSL* ssl, void* argument);
    void take_secret(std::string_view line);

    SSL* ssl_;
    bool ticket_due_;
    bool ticket_begun_ = false;
    std::uint64_t records_sent_ = 0;  // with the key of application data
    TrafficSecret client_;
    TrafficSecret server_;
};

}  // namespace roomcast::net
