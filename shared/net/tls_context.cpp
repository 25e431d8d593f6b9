#include "shared/net/tls_context.hpp"

#include <stdexcept>
#include <string_view>

#include <openssl/err.h>

#include "shared/net/handover.hpp"

namespace roomcast::net {
namespace {

/// Browsers offer h2 first; what is spoken here is HTTP/1.1.
int pick_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                  unsigned in_length, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* picked = nullptr;
    if (SSL_select_next_proto(&picked, out_length, ours, sizeof ours - 1, in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = picked;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string openssl_reason() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return "no reason given";
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    return text;
}

TlsContext::TlsContext() : context_(SSL_CTX_new(TLS_method())) {
    if (!context_) throw std::runtime_error("TLS is not available: " + openssl_reason());
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);   // a record's head and body by one call
    SSL_CTX_set_num_tickets(context, 0);  // a Stream sends one where it is wanted, after the handshake
    Handover::prepare(context);
}

void TlsContext::use_certificate(const std::string& cert, const std::string& key) {
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(native(), cert.c_str()) != 1)
        throw std::runtime_error("cannot use the certificate " + cert + ": " + openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(native(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error("cannot use the key " + key + ": " + openssl_reason());
    if (SSL_CTX_check_private_key(native()) != 1)
        throw std::runtime_error("the key " + key + " is not that of the certificate " + cert);
}

void TlsContext::trust(const std::string& ca) {
    ERR_clear_error();
    if (SSL_CTX_load_verify_locations(native(), ca.c_str(), nullptr) != 1)
        throw std::runtime_error("cannot use the CA certificate " + ca + ": " + openssl_reason());
}

std::shared_ptr<const TlsContext> TlsContext::server(const std::string& cert, const std::string& key) {
    auto made = std::shared_ptr<TlsContext>(new TlsContext);
    made->use_certificate(cert, key);
    // Clients that come back keep their sessions themselves, as a ticket; nothing is kept here for them.
    made->sends_ticket_ = true;
    SSL_CTX_set_session_cache_mode(made->native(), SSL_SESS_CACHE_OFF);
    static constexpr std::string_view name = "roomcast";
    SSL_CTX_set_session_id_context(made->native(), reinterpret_cast<const unsigned char*>(name.data()),
                                   static_cast<unsigned>(name.size()));
    SSL_CTX_set_alpn_select_cb(made->native(), pick_protocol, nullptr);
    return made;
}

std::shared_ptr<const TlsContext> TlsContext::mutual(const std::string& ca, const std::string& cert,
                                                     const std::string& key) {
    auto made = std::shared_ptr<TlsContext>(new TlsContext);
    made->use_certificate(cert, key);
    made->trust(ca);
    SSL_CTX_set_verify(made->native(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Links live long: a resumed session would spare little and would skip showing the certificate.
    SSL_CTX_set_session_cache_mode(made->native(), SSL_SESS_CACHE_OFF);
    return made;
}

std::shared_ptr<const TlsContext> TlsContext::client(const std::string& ca) {
    auto made = std::shared_ptr<TlsContext>(new TlsContext);
    if (!ca.empty()) {
        made->trust(ca);
        SSL_CTX_set_verify(made->native(), SSL_VERIFY_PEER, nullptr);
    }
    return made;
}

}  // namespace roomcast::net
