#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

namespace roomcast::net {

/// The certificates and rules with which TLS connections are made (TLS 1.2 and up).
///
/// Immutable once made, so any thread may use it. The factories throw at start-up, with the file's name, when
/// a certificate or key cannot be used.
class TlsContext {
public:
    /// For clients from outside: our certificate, none asked of them.
    [[nodiscard]] static std::shared_ptr<const TlsContext> server(const std::string& cert,
                                                                  const std::string& key);
    /// For links between nodes, in either direction: both sides show a certificate signed by `ca`.
    [[nodiscard]] static std::shared_ptr<const TlsContext> mutual(const std::string& ca,
                                                                  const std::string& cert,
                                                                  const std::string& key);
    /// For clients: verifies the server against `ca`; without a `ca`, verifies nothing (load tools only).
    [[nodiscard]] static std::shared_ptr<const TlsContext> client(const std::string& ca);

    [[nodiscard]] SSL_CTX* native() const { return context_.get(); }
    /// Whether a server gives its clients a ticket with which they may resume their session.
    [[nodiscard]] bool sends_ticket() const { return sends_ticket_; }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    TlsContext();
    void use_certificate(const std::string& cert, const std::string& key);
    void trust(const std::string& ca);
    std::unique_ptr<SSL_CTX, Free> context_;
    bool sends_ticket_ = false;
};

/// The newest reason that OpenSSL gave on this thread, as text; clears it.
[[nodiscard]] std::string openssl_reason();

}  // namespace roomcast::net
