#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/core/result.hpp"
#include "shared/net/shared_frame.hpp"

struct z_stream_s;

/// permessage-deflate (RFC 7692) without context from message to message, either way: what is compressed once
/// is for everybody who negotiated it, and a thread holds one compressor and one decompressor, however many
/// connections it has.
namespace roomcast::net {

/// The Sec-WebSocket-Extensions of our answer to what a client offers; none where none of it is for us.
[[nodiscard]] std::optional<std::string> accept_deflate(std::string_view offers);

/// Compresses and decompresses messages. A value of one thread; some 90 KiB, and as much as the largest
/// message. Throws std::bad_alloc where there is no memory for it.
class Compression {
public:
    /// Texts from `from_bytes` on are worth it.
    explicit Compression(std::size_t from_bytes);
    ~Compression();
    Compression(const Compression&) = delete;
    Compression& operator=(const Compression&) = delete;

    /// The text as a compressed frame (server role); none where it is too short, or is no shorter then.
    [[nodiscard]] std::optional<SharedFrame> frame_of(std::string_view text);
    /// A message's payload as it was before; good until the next one is inflated. Fails with `bad_frame` for
    /// what is not deflated data, and with `too_large` past `most` bytes.
    [[nodiscard]] Result<std::string_view> inflate(std::string_view payload, std::size_t most);

private:
    struct EndDeflate {
        void operator()(z_stream_s* stream) const;
    };
    struct EndInflate {
        void operator()(z_stream_s* stream) const;
    };
    [[nodiscard]] Result<void> inflate_part(std::string_view part, std::size_t most);

    std::size_t from_bytes_;
    std::unique_ptr<z_stream_s, EndDeflate> deflate_;
    std::unique_ptr<z_stream_s, EndInflate> inflate_;
    std::string packed_;      // what frame_of makes
    std::string inflated_;    // what inflate gives, in its front
    std::size_t length_ = 0;  // of that
};

}  // namespace roomcast::net
