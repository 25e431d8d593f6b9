#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace roomcast::test {

/// A CA and certificates for "localhost" signed by it, made anew in a directory that goes with the object.
/// `stranger` is signed by nobody but itself.
class Certificates {
public:
    Certificates() {
        std::string name = (std::filesystem::temp_directory_path() / "roomcast-certs-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
        directory_ = name;
        const Key ca_key = make_key();
        const Certificate ca_certificate = make("test CA", ca_key.get(), nullptr, ca_key.get());
        write("ca", ca_certificate.get(), ca_key.get());
        const Key node_key = make_key();
        write("node", make("localhost", node_key.get(), ca_certificate.get(), ca_key.get()).get(),
              node_key.get());
        const Key stranger_key = make_key();
        write("stranger", make("localhost", stranger_key.get(), nullptr, stranger_key.get()).get(),
              stranger_key.get());
    }
    ~Certificates() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    Certificates(const Certificates&) = delete;
    Certificates& operator=(const Certificates&) = delete;

    /// The paths of "ca", "node" and "stranger".
    [[nodiscard]] std::string certificate(const std::string& name) const {
        return (directory_ / (name + ".crt")).string();
    }
    [[nodiscard]] std::string key(const std::string& name) const {
        return (directory_ / (name + ".key")).string();
    }

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using Key = std::unique_ptr<EVP_PKEY, Free>;
    using Certificate = std::unique_ptr<X509, Free>;
    using File = std::unique_ptr<std::FILE, Free>;

    static Key make_key() { return Key(EVP_EC_gen("P-256")); }
    /// Without an issuer it is a CA that signs itself.
    static Certificate make(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
        Certificate made(X509_new());
        X509* const raw = made.get();
        X509_set_version(raw, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(raw), issuer == nullptr ? 1 : 2);
        X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
        X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
        X509_set_pubkey(raw, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(raw, X509_get_subject_name(issuer == nullptr ? raw : issuer));
        X509_EXTENSION* const basics = X509V3_EXT_conf_nid(
            nullptr, nullptr, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
        X509_add_ext(raw, basics, -1);
        X509_EXTENSION_free(basics);
        if (X509_sign(raw, issuer_key, EVP_sha256()) == 0)
            throw std::runtime_error("a certificate could not be signed");
        return made;
    }
    void write(const std::string& name, X509* certificate, EVP_PKEY* private_key) const {
        const File certificate_file(std::fopen(this->certificate(name).c_str(), "w"));
        const File key_file(std::fopen(key(name).c_str(), "w"));
        if (PEM_write_X509(certificate_file.get(), certificate) != 1 ||
            PEM_write_PrivateKey(key_file.get(), private_key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
            throw std::runtime_error("a certificate could not be written");
    }

    std::filesystem::path directory_;
};

}  // namespace roomcast::test
