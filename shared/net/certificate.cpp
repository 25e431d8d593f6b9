#include "shared/net/certificate.hpp"

#include <ctime>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace roomcast::net {

std::optional<std::int64_t> certificate_expiry_s(const std::string& file) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
    std::tm until{};
    const bool read = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &until) == 1;
    ERR_clear_error();  // a thread's next question must not find ours
    if (!read) return std::nullopt;
    return timegm(&until);
}

}  // namespace roomcast::net
