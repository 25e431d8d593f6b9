#include "shared/net/websocket.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "shared/net/deflate.hpp"

namespace roomcast::net::ws {
namespace {

constexpr std::size_t control_payload_bytes = 125;  // RFC 6455, 5.5
constexpr std::size_t kept_message_bytes = 4096;    // a buffer worth keeping between messages
constexpr std::uint8_t compressed_bit = 0x40;       // RSV1, RFC 7692
constexpr std::uint8_t reserved_bits = 0x30;        // RSV2 and RSV3

std::string base64(std::span<const unsigned char> bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

/// Writes a frame's first bytes, without a mask key; `masked` sets the bit. Returns their count.
std::size_t put_header(std::array<char, 14>& out, Opcode opcode, std::size_t payload, bool masked) {
    const auto mask_bit = static_cast<std::uint8_t>(masked ? 0x80 : 0);
    out[0] = static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
    if (payload < 126) {
        out[1] = static_cast<char>(mask_bit | payload);
        return 2;
    }
    const std::size_t length_bytes = payload <= 0xFFFF ? 2 : 8;
    out[1] = static_cast<char>(mask_bit | (length_bytes == 2 ? 126 : 127));
    for (std::size_t i = 0; i < length_bytes; ++i)
        out[2 + i] = static_cast<char>(payload >> (8 * (length_bytes - 1 - i)));
    return 2 + length_bytes;
}

}  // namespace

std::size_t Decoder::header_size() const {
    if (header_have_ < 2) return 2;
    std::size_t size = 2;
    const std::uint8_t length = header_[1] & 0x7F;
    if (length == 126) size += 2;
    if (length == 127) size += 8;
    if ((header_[1] & 0x80) != 0) size += 4;
    return size;
}

std::optional<CloseCode> Decoder::begin_frame() {
    final_ = (header_[0] & 0x80) != 0;
    if ((header_[0] & reserved_bits) != 0) return CloseCode::protocol_error;
    const bool compressed = (header_[0] & compressed_bit) != 0;
    if (compressed && compression_ == nullptr) return CloseCode::protocol_error;  // it was not agreed on
    const std::uint8_t code = header_[0] & 0x0F;
    if ((code > 2 && code < 8) || code > 10) return CloseCode::protocol_error;
    opcode_ = static_cast<Opcode>(code);
    const bool masked = (header_[1] & 0x80) != 0;
    if (masked != (role_ == Role::server)) return CloseCode::protocol_error;

    std::uint64_t length = header_[1] & 0x7F;
    std::size_t at = 2;
    if (length >= 126) {
        const std::size_t length_bytes = length == 126 ? 2 : 8;
        length = 0;
        for (std::size_t i = 0; i < length_bytes; ++i) length = (length << 8) | header_[at++];
        if (length < (length_bytes == 2 ? 126U : 65536U) || (length >> 63) != 0)
            return CloseCode::protocol_error;
    }
    if (masked) std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(at), 4, mask_.begin());
    mask_at_ = 0;
    remaining_ = length;

    if (compressed && (is_control() || opcode_ == Opcode::continuation)) return CloseCode::protocol_error;
    if (is_control()) {
        if (!final_ || length > control_payload_bytes) return CloseCode::protocol_error;
        return std::nullopt;
    }
    if ((opcode_ == Opcode::continuation) != in_message_) return CloseCode::protocol_error;
    if (!in_message_) {
        in_message_ = true;
        message_kind_ = opcode_;
        compressed_ = compressed;
        utf8_.reset();
    }
    if (message_.size() + length > message_bytes_) return CloseCode::too_big;
    return std::nullopt;
}

void Decoder::unmask(std::span<char> piece) {
    if (role_ == Role::client) return;
    // Bring the key to this piece's first byte, then eight bytes at a time.
    std::array<std::uint8_t, 8> key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = mask_[(mask_at_ + i) & 3];
    std::uint64_t wide = 0;
    std::memcpy(&wide, key.data(), sizeof wide);
    std::size_t i = 0;
    for (; i + 8 <= piece.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, piece.data() + i, sizeof word);
        word ^= wide;
        std::memcpy(piece.data() + i, &word, sizeof word);
    }
    for (; i < piece.size(); ++i)
        piece[i] = static_cast<char>(static_cast<std::uint8_t>(piece[i]) ^ key[i & 7]);
    mask_at_ = static_cast<std::uint8_t>((mask_at_ + piece.size()) & 3);
}

std::optional<CloseCode> Decoder::end_control(std::string_view payload, MessageSink& sink, bool& go_on) {
    switch (opcode_) {
        case Opcode::ping:
            go_on = sink.on_ping(payload);
            return std::nullopt;
        case Opcode::pong:
            go_on = sink.on_pong(payload);
            return std::nullopt;
        default:
            break;
    }
    if (payload.empty()) {
        go_on = sink.on_close(std::nullopt, {});
        return std::nullopt;
    }
    if (payload.size() == 1) return CloseCode::protocol_error;
    const auto code = static_cast<std::uint16_t>((static_cast<std::uint8_t>(payload[0]) << 8) |
                                                 static_cast<std::uint8_t>(payload[1]));
    if (!valid_close_code(code)) return CloseCode::protocol_error;
    if (!valid_utf8(payload.substr(2))) return CloseCode::invalid_text;
    go_on = sink.on_close(code, payload.substr(2));
    return std::nullopt;
}

std::optional<CloseCode> Decoder::take_payload(std::span<char> piece, MessageSink& sink, bool& go_on) {
    unmask(piece);
    remaining_ -= piece.size();
    const std::string_view text(piece.data(), piece.size());
    const bool frame_done = remaining_ == 0;
    if (frame_done) {
        step_ = Step::header;
        header_have_ = 0;
    }
    if (is_control()) {
        if (frame_done && control_.empty()) return end_control(text, sink, go_on);
        control_.append(text);
        if (!frame_done) return std::nullopt;
        const auto failed = end_control(control_, sink, go_on);
        control_.clear();
        return failed;
    }
    const bool shown_as_it_is = message_kind_ == Opcode::text && !compressed_;
    if (shown_as_it_is && !utf8_.feed(text)) return CloseCode::invalid_text;
    if (!frame_done || !final_) {
        message_.append(text);
        return std::nullopt;
    }
    if (shown_as_it_is && !utf8_.complete()) return CloseCode::invalid_text;
    in_message_ = false;
    if (message_.empty()) return end_message(text, sink, go_on);
    message_.append(text);
    const auto failed = end_message(message_, sink, go_on);
    message_.clear();
    if (message_.capacity() > kept_message_bytes) std::string().swap(message_);
    return failed;
}

std::optional<CloseCode> Decoder::end_message(std::string_view payload, MessageSink& sink, bool& go_on) {
    if (compressed_) {
        const auto inflated = compression_->inflate(payload, message_bytes_);
        if (!inflated)
            return inflated.error().code == Errc::too_large ? CloseCode::too_big : CloseCode::invalid_text;
        payload = *inflated;
        if (message_kind_ == Opcode::text && !valid_utf8(payload)) return CloseCode::invalid_text;
    }
    go_on = sink.on_message(message_kind_, payload);
    return std::nullopt;
}

std::optional<CloseCode> Decoder::feed(std::span<char> bytes, MessageSink& sink) {
    bool go_on = true;
    while (go_on && (!bytes.empty() || (step_ == Step::payload && remaining_ == 0))) {
        if (step_ == Step::header) {
            const std::size_t wanted = header_size() - header_have_;
            const std::size_t taken = std::min(wanted, bytes.size());
            std::memcpy(header_.data() + header_have_, bytes.data(), taken);
            header_have_ = static_cast<std::uint8_t>(header_have_ + taken);
            bytes = bytes.subspan(taken);
            if (header_have_ < 2 || header_have_ < header_size()) continue;
            if (const auto failed = begin_frame()) return failed;
            step_ = Step::payload;
        } else {
            const std::size_t taken =
                static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
            const auto failed = take_payload(bytes.first(taken), sink, go_on);
            if (failed) return failed;
            bytes = bytes.subspan(taken);
        }
    }
    return std::nullopt;
}

SharedFrame encode(Opcode opcode, std::string_view payload, Role role) {
    std::array<char, 14> header{};
    const std::size_t size = put_header(header, opcode, payload.size(), role == Role::client);
    if (role == Role::server) return SharedFrame::of({{header.data(), size}, payload});
    std::array<unsigned char, 4> key{};
    RAND_bytes(key.data(), static_cast<int>(key.size()));
    std::string masked(payload);
    for (std::size_t i = 0; i < masked.size(); ++i)
        masked[i] = static_cast<char>(static_cast<unsigned char>(masked[i]) ^ key[i & 3]);
    return SharedFrame::of(
        {{header.data(), size}, {reinterpret_cast<const char*>(key.data()), key.size()}, masked});
}

SharedFrame encode_text(std::initializer_list<std::string_view> pieces) {
    std::size_t payload = 0;
    for (const auto piece : pieces) payload += piece.size();
    std::array<char, 14> header{};
    const std::size_t size = put_header(header, Opcode::text, payload, false);
    const std::string_view head(header.data(), size);
    // Frames are made of few pieces; two shapes serve all of them without a copy in between.
    if (pieces.size() == 1) return SharedFrame::of({head, *pieces.begin()});
    std::string joined;
    joined.reserve(payload);
    for (const auto piece : pieces) joined.append(piece);
    return SharedFrame::of({head, joined});
}

SharedFrame encode_compressed_text(std::string_view deflated) {
    std::array<char, 14> header{};
    const std::size_t size = put_header(header, Opcode::text, deflated.size(), false);
    header[0] = static_cast<char>(static_cast<std::uint8_t>(header[0]) | compressed_bit);
    return SharedFrame::of({{header.data(), size}, deflated});
}

SharedFrame encode_close(CloseCode code, std::string_view reason, Role role) {
    std::string payload;
    payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) >> 8));
    payload.push_back(static_cast<char>(static_cast<std::uint16_t>(code) & 0xFF));
    payload.append(reason.substr(0, control_payload_bytes - 2));
    return encode(Opcode::close, payload, role);
}

bool valid_close_code(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

std::string accept_key(std::string_view key) {
    std::string text(key);
    text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return base64(digest);
}

std::string make_key() {
    std::array<unsigned char, 16> raw{};
    RAND_bytes(raw.data(), static_cast<int>(raw.size()));
    return base64(raw);
}

bool valid_key(std::string_view key) {
    if (key.size() != 24 || key.substr(22) != "==") return false;
    return std::all_of(key.begin(), key.begin() + 22, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    });
}

}  // namespace roomcast::net::ws
