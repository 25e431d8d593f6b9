#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/core/errors.hpp"
#include "shared/core/utf8.hpp"
#include "shared/net/shared_frame.hpp"
#include "shared/net/stream.hpp"

namespace roomcast::net {
class Compression;
}

/// The WebSocket protocol (RFC 6455), both roles; permessage-deflate (RFC 7692) where a decoder is told of
/// it.
namespace roomcast::net::ws {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// What the decoder tells: whole messages and control frames, in order. Views live only during the call.
/// Answering false stops the decoder: the rest of the bytes is dropped.
class MessageSink {
public:
    virtual bool on_message(Opcode kind, std::string_view payload) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    virtual bool on_pong(std::string_view payload) = 0;
    /// `code` is none when the peer gave none.
    virtual bool on_close(std::optional<std::uint16_t> code, std::string_view reason) = 0;

protected:
    ~MessageSink() = default;
};

/// Turns bytes into messages: unmasks in place, joins fragments, checks UTF-8 as it comes, bounds the size.
///
/// Owned by one session, touched on its thread. A message that lies whole in the bytes given is shown where
/// it lies; only one that is cut in pieces is copied. Holds at most `message_bytes`, and nothing between
/// messages.
class Decoder {
public:
    Decoder(Role role, std::size_t message_bytes) : message_bytes_(message_bytes), role_(role) {}
    /// From now on the peer may send compressed messages, which count by their size once inflated.
    /// `compression` outlives the decoder.
    void allow_deflate(Compression& compression) { compression_ = &compression; }
    /// The close code to end with when the peer broke the protocol; none while all is well.
    [[nodiscard]] std::optional<CloseCode> feed(std::span<char> bytes, MessageSink& sink);

private:
    enum class Step : std::uint8_t { header, payload };
    [[nodiscard]] std::size_t header_size() const;
    [[nodiscard]] std::optional<CloseCode> begin_frame();
    [[nodiscard]] std::optional<CloseCode> take_payload(std::span<char> piece, MessageSink& sink,
                                                        bool& go_on);
    [[nodiscard]] std::optional<CloseCode> end_control(std::string_view payload, MessageSink& sink,
                                                       bool& go_on);
    [[nodiscard]] std::optional<CloseCode> end_message(std::string_view payload, MessageSink& sink,
                                                       bool& go_on);
    void unmask(std::span<char> piece);
    [[nodiscard]] bool is_control() const { return (static_cast<std::uint8_t>(opcode_) & 8) != 0; }

    std::string message_;  // what has come of a message (or control frame) that is cut in pieces
    std::string control_;
    Utf8Checker utf8_;
    Compression* compression_ = nullptr;  // none: not agreed on
    std::size_t message_bytes_;
    std::uint64_t remaining_ = 0;
    std::array<std::uint8_t, 14> header_{};
    std::array<std::uint8_t, 4> mask_{};
    std::uint8_t header_have_ = 0;
    std::uint8_t mask_at_ = 0;
    Role role_;
    Step step_ = Step::header;
    Opcode opcode_ = Opcode::continuation;        // of the frame in progress
    Opcode message_kind_ = Opcode::continuation;  // of the message in progress
    bool final_ = false;
    bool in_message_ = false;
    bool compressed_ = false;  // the message in progress
};

/// A whole message as one frame. A client's frames are masked with a random key.
[[nodiscard]] SharedFrame encode(Opcode opcode, std::string_view payload, Role role = Role::server);
/// The same, with the payload in pieces that are put one after the other (server role).
[[nodiscard]] SharedFrame encode_text(std::initializer_list<std::string_view> pieces);
/// The same, with a payload that is deflated already.
[[nodiscard]] SharedFrame encode_compressed_text(std::string_view deflated);
[[nodiscard]] SharedFrame encode_close(CloseCode code, std::string_view reason, Role role = Role::server);

/// Whether a peer may send this close code.
[[nodiscard]] bool valid_close_code(std::uint16_t code);
/// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);
/// A fresh Sec-WebSocket-Key.
[[nodiscard]] std::string make_key();
/// Whether `key` is 16 bytes in base64.
[[nodiscard]] bool valid_key(std::string_view key);

}  // namespace roomcast::net::ws
