#pragma once

#include <string>

#include "bench/url.hpp"
#include "shared/net/connection.hpp"

namespace roomcast::bench {

/// A token for `nick` by POST /guest from the server of `url`. Runs the loop until it is there; throws
/// std::runtime_error if it is refused.
[[nodiscard]] std::string guest_token(net::Loop& loop, const net::TlsContext& tls, const Url& url,
                                      const std::string& nick);

}  // namespace roomcast::bench
