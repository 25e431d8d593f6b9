#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/net/websocket.hpp"

/// Frames made by hand, and a decoder's answers written down, for the tests of websocket.hpp.
namespace roomcast::net::ws {

enum class LengthForm { shortest, bytes_2, bytes_8 };

struct RawFrame {
    std::uint8_t first = 0x81;  // FIN, reserved bits, opcode
    std::string payload;
    std::optional<std::uint32_t> mask = 0x1A2B3C4D;
    LengthForm form = LengthForm::shortest;

    [[nodiscard]] std::string bytes() const {
        std::string out(1, static_cast<char>(first));
        const auto masked = static_cast<std::uint8_t>(mask ? 0x80 : 0);
        LengthForm used = form;
        if (used == LengthForm::shortest && payload.size() > 125)
            used = payload.size() > 0xFFFF ? LengthForm::bytes_8 : LengthForm::bytes_2;
        const int length_bytes = used == LengthForm::shortest ? 0 : used == LengthForm::bytes_2 ? 2 : 8;
        out.push_back(static_cast<char>(masked | (length_bytes == 0   ? payload.size()
                                                  : length_bytes == 2 ? std::size_t{126}
                                                                      : std::size_t{127})));
        for (int i = length_bytes - 1; i >= 0; --i)
            out.push_back(static_cast<char>(payload.size() >> (8 * i)));
        std::string body = payload;
        if (mask) {
            for (int i = 3; i >= 0; --i) out.push_back(static_cast<char>(*mask >> (8 * i)));
            for (std::size_t i = 0; i < body.size(); ++i)
                body[i] = static_cast<char>(static_cast<unsigned char>(body[i]) ^
                                            (*mask >> (8 * (3 - i % 4)) & 0xFF));
        }
        return out + body;
    }
};

inline std::string text_frame(std::string payload) { return RawFrame{0x81, std::move(payload)}.bytes(); }

/// Writes what a decoder tells as lines such as "text:hello", "ping:x", "close:1000:bye".
class FrameDiary final : public MessageSink {
public:
    bool on_message(Opcode kind, std::string_view payload) override {
        return note((kind == Opcode::text ? "text:" : "binary:") + std::string(payload));
    }
    bool on_ping(std::string_view payload) override { return note("ping:" + std::string(payload)); }
    bool on_pong(std::string_view payload) override { return note("pong:" + std::string(payload)); }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override {
        return note("close:" + (code ? std::to_string(*code) : "none") + ":" + std::string(reason));
    }

    std::vector<std::string> seen;
    std::size_t stop_after = SIZE_MAX;

private:
    bool note(std::string line) {
        seen.push_back(std::move(line));
        return seen.size() < stop_after;
    }
};

inline constexpr std::size_t message_limit = 100'000;

/// What came of feeding `bytes` in pieces of `piece` bytes to one decoder.
struct Decoded {
    std::vector<std::string> seen;
    std::optional<CloseCode> failed;
};
inline Decoded decode(std::string_view bytes, std::size_t piece = SIZE_MAX, Role role = Role::server,
                      std::size_t limit = message_limit) {
    Decoder decoder(role, limit);
    FrameDiary diary;
    std::optional<CloseCode> failed;
    for (std::size_t at = 0; at < bytes.size() && !failed;) {
        const std::size_t taken = std::min(piece, bytes.size() - at);
        std::string part(bytes.substr(at, taken));  // a heap block of its own, so that ASan sees an overrun
        failed = decoder.feed(std::span(part.data(), part.size()), diary);
        at += taken;
    }
    return {diary.seen, failed};
}

}  // namespace roomcast::net::ws
