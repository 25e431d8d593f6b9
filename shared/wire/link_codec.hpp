#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/core/result.hpp"
#include "shared/wire/link_messages.hpp"

/// The link's binary framing: one request or event is one binary WebSocket message. Integers are
/// little-endian; texts are a 32-bit length and bytes. The first byte says what it is.
namespace roomcast::link {

/// The subprotocol of a link's WebSocket: its number changes with the framing, so that versions that differ
/// do not link.
inline constexpr std::string_view protocol_name = "roomcast.link.v2";

[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Event& event);

/// Fail with `bad_frame` on anything that is not exactly one well-formed message: short, long, unknown, a bad
/// id.
[[nodiscard]] Result<Request> decode_request(std::string_view bytes);
[[nodiscard]] Result<Event> decode_event(std::string_view bytes);

/// Puts one Messages event together, room by room, without copying the entries first.
class MessagesEncoder {
public:
    void add(SubId sub, std::span<const Entry> entries);
    [[nodiscard]] bool empty() const { return rooms_ == 0; }
    [[nodiscard]] std::size_t bytes() const { return body_.size(); }
    /// The encoded event; the encoder is empty afterwards.
    [[nodiscard]] std::string take();

private:
    std::string body_;
    std::uint32_t rooms_ = 0;
};

}  // namespace roomcast::link
