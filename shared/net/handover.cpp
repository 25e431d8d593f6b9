#include "shared/net/handover.hpp"

#include <optional>
#include <utility>

namespace roomcast::net {
namespace {

constexpr std::string_view client_label = "CLIENT_TRAFFIC_SECRET_0 ";
constexpr std::string_view server_label = "SERVER_TRAFFIC_SECRET_0 ";

int nibble(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// Left empty when it is not one.
void read_hex(std::string_view hex, TrafficSecret& into) {
    into.size = 0;
    if (hex.size() % 2 != 0 || hex.size() / 2 > into.bytes.size()) return;
    for (std::size_t i = 0; i < hex.size() / 2; ++i) {
        const int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0) return;
        into.bytes[i] = static_cast<unsigned char>(high << 4 | low);
    }
    into.size = hex.size() / 2;
}

}  // namespace

void Handover::prepare(SSL_CTX* context) { SSL_CTX_set_keylog_callback(context, on_secret); }

Handover::Handover(SSL* ssl, bool sends_ticket) : ssl_(ssl), ticket_due_(sends_ticket) {
    SSL_set_app_data(ssl_, this);
    SSL_set_read_ahead(ssl_, 0);  // what comes behind the handshake stays in the socket
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
    const std::string_view secret = line.substr(line.rfind(' ') + 1);
    if (line.starts_with(client_label)) read_hex(secret, client_);
    if (line.starts_with(server_label)) read_hex(secret, server_);
}

void Handover::on_record(int is_write, int, int content_type, const void*, std::size_t, SSL*,
                         void* argument) {
    if (is_write == 1 && content_type == SSL3_RT_HEADER) ++static_cast<Handover*>(argument)->records_sent_;
}

/// From here on all that OpenSSL sends has the key of application data, so the records are counted.
bool Handover::begin_ticket() {
    if (!std::exchange(ticket_due_, false) || SSL_version(ssl_) != TLS1_3_VERSION) return false;
    SSL_set_msg_callback(ssl_, on_record);
    SSL_set_msg_callback_arg(ssl_, this);
    return SSL_new_session_ticket(ssl_) == 1;
}

std::unique_ptr<RecordLayer> Handover::finish(int fd, CipherContexts& contexts) {
    if (SSL_version(ssl_) != TLS1_3_VERSION || SSL_has_pending(ssl_) == 1) return nullptr;
    const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_);
    if (cipher == nullptr) return nullptr;
    const std::uint16_t suite = SSL_CIPHER_get_protocol_id(cipher);
    auto reader = RecordCipher::make(contexts, suite, client_, RecordCipher::Use::open, 0);
    auto writer = RecordCipher::make(contexts, suite, server_, RecordCipher::Use::seal, records_sent_);
    if (!reader || !writer) return nullptr;
    return std::make_unique<RecordLayer>(fd, std::move(*reader), std::move(*writer));
}

}  // namespace roomcast::net
