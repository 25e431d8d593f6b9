#pragma once

#include <openssl/bio.h>

namespace roomcast::net {

/// A BIO over a non-blocking socket, which it does not own: `send` and `recv`, where OpenSSL's own takes the
/// way of files, which is longer and raises SIGPIPE. Null when there is no memory.
[[nodiscard]] BIO* make_socket_bio(int fd);

}  // namespace roomcast::net
