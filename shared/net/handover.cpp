#include "shared/net/handover.hpp"

#include <optional>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/tls1.h>

namespace roomcast::net {
namespace {

constexpr std::string_view client_label = "CLIENT_TRAFFIC_SECRET_0 ";
constexpr std::string_view server_label = "SERVER_TRAFFIC_SECRET_0 ";

/// Left empty when it is not one.
void read_hex(const char* hex, TrafficSecret& into) {
    if (OPENSSL_hexstr2buf_ex(into.bytes.data(), into.bytes.size(), &into.size, hex, '\0') != 1)
        into.size = 0;
}

}  // namespace

void Handover::prepare(SSL_CTX* context) { SSL_CTX_set_keylog_callback(context, on_secret); }

Handover::Handover(SSL* ssl, bool sends_ticket) : ssl_(ssl), ticket_due_(sends_ticket) {
    SSL_set_app_data(ssl_, this);
    SSL_set_read_ahead(ssl_, 0);  // what comes behind the handshake stays in the socket
    // From the beginning: newer OpenSSL asks once for each key whether anybody wants to know.
    SSL_set_msg_callback(ssl_, on_record);
    SSL_set_msg_callback_arg(ssl_, this);
}

Handover::~Handover() {
    SSL_set_app_data(ssl_, nullptr);
    SSL_set_msg_callback(ssl_, nullptr);
}

/// A line of NSS's key log: label, the client's random number, secret.
void Handover::on_secret(const SSL* ssl, const char* line) {
    auto* const handover = static_cast<Handover*>(SSL_get_app_data(ssl));
    if (handover != nullptr) handover->take_secret(line);
}

void Handover::take_secret(std::string_view line) {
    const char* const secret = line.data() + line.rfind(' ') + 1;  // it ends as the line does, by a 0
    if (line.starts_with(client_label)) read_hex(secret, client_);
    if (line.starts_with(server_label)) read_hex(secret, server_);
}

void Handover::on_record(int is_write, int, int content_type, const void*, std::size_t, SSL*,
                         void* argument) {
    auto& handover = *static_cast<Handover*>(argument);
    if (is_write == 1 && content_type == SSL3_RT_HEADER && handover.ticket_begun_) ++handover.records_sent_;
}

/// From here on all that OpenSSL sends has the key of application data, so the records are counted.
bool Handover::begin_ticket() {
    if (!std::exchange(ticket_due_, false) || SSL_version(ssl_) != TLS1_3_VERSION) return false;
    ticket_begun_ = SSL_new_session_ticket(ssl_) == 1;
    return ticket_begun_;
}

std::unique_ptr<RecordLayer> Handover::finish(int fd, CipherContexts& contexts) {
    if (SSL_version(ssl_) != TLS1_3_VERSION || SSL_has_pending(ssl_) == 1) return nullptr;
    // A number that was used already must never be used again: not sure of it means not to take over.
    if (ticket_begun_ && records_sent_ == 0) return nullptr;
    const SSL_SESSION* const session = SSL_get_session(ssl_);
    if (session == nullptr ||
        SSL_SESSION_get_max_fragment_length(session) != TLSEXT_max_fragment_length_DISABLED)
        return nullptr;
    const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_);
    if (cipher == nullptr) return nullptr;
    const std::uint16_t suite = SSL_CIPHER_get_protocol_id(cipher);
    auto reader = RecordCipher::make(contexts, suite, client_, RecordCipher::Use::open, 0);
    auto writer = RecordCipher::make(contexts, suite, server_, RecordCipher::Use::seal, records_sent_);
    if (!reader || !writer) return nullptr;
    return std::make_unique<RecordLayer>(fd, std::move(*reader), std::move(*writer));
}

}  // namespace roomcast::net
