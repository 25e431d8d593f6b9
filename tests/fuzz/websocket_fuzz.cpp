// The WebSocket decoder: however the bytes are cut, it tells the same, and what it tells, encoded anew, is
// told again.

#include <algorithm>
#include <vector>

#include "shared/net/deflate.hpp"
#include "shared/net/websocket.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::net::ws {
namespace {

constexpr std::size_t small_limit = 300;  // so that the fuzzer meets it
constexpr std::size_t control_most = 125;
using fuzz::require;

struct Told {
    Opcode kind = Opcode::text;
    std::string payload;
    std::optional<std::uint16_t> code;
    bool operator==(const Told&) const = default;
};

class Diary final : public MessageSink {
public:
    explicit Diary(std::size_t limit) : limit_(limit) {}
    bool on_message(Opcode kind, std::string_view payload) override {
        require(kind == Opcode::text || kind == Opcode::binary, "a message is text or binary");
        require(payload.size() <= limit_, "no message is above the limit");
        require(kind != Opcode::text || valid_utf8(payload), "text is UTF-8");
        return note({kind, std::string(payload), {}});
    }
    bool on_ping(std::string_view payload) override {
        return control({Opcode::ping, std::string(payload), {}});
    }
    bool on_pong(std::string_view payload) override {
        return control({Opcode::pong, std::string(payload), {}});
    }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override {
        require(!code || valid_close_code(*code), "a close code is one that may be sent");
        require(code || reason.empty(), "no reason without a code");
        require(valid_utf8(reason), "a reason is UTF-8");
        control({Opcode::close, std::string(reason), code});
        ended = true;
        return false;
    }

    std::vector<Told> told;
    bool ended = false;

private:
    bool control(Told what) {
        require(what.payload.size() <= control_most, "no control frame is above its limit");
        return note(std::move(what));
    }
    bool note(Told what) {
        require(!ended, "nothing is told after a close");
        told.push_back(std::move(what));
        return true;
    }
    std::size_t limit_;
};

struct Outcome {
    std::vector<Told> told;
    std::optional<CloseCode> failed;
    bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, std::size_t piece, Role role, std::size_t limit,
               Compression* compression = nullptr) {
    Decoder decoder(role, limit);
    if (compression != nullptr) decoder.allow_deflate(*compression);
    Diary diary(limit);
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size() && !outcome.failed && !diary.ended;) {
        std::string part(bytes.substr(at, piece));
        outcome.failed = decoder.feed(std::span(part.data(), part.size()), diary);
        at += part.size();
    }
    outcome.told = std::move(diary.told);
    return outcome;
}

std::string encoded(const std::vector<Told>& told, Role sender) {
    std::string bytes;
    for (const Told& one : told) {
        SharedFrame frame;
        if (one.kind == Opcode::close && one.code) {
            frame = encode_close(static_cast<CloseCode>(*one.code), one.payload, sender);
        } else if (one.kind == Opcode::text && sender == Role::server) {
            frame = encode_text(
                {std::string_view(one.payload).substr(0, 5),
                 std::string_view(one.payload).substr(std::min<std::size_t>(5, one.payload.size()))});
        } else {
            frame = encode(one.kind, one.payload, sender);
        }
        bytes += frame.bytes();
    }
    return bytes;
}

void check(fuzz::Input input) {
    const std::uint8_t steer = input.byte();
    const std::size_t piece = std::size_t{input.byte()} % 19 + 2;
    const Role role = (steer & 1) != 0 ? Role::client : Role::server;
    const std::size_t limit = (steer & 2) != 0 ? small_limit : std::size_t{64} * 1024;
    const std::string bytes = input.rest();

    // One for all, as a thread has it: no message leaves anything behind for the next.
    static Compression shared(1);
    Compression* const compression = (steer & 4) != 0 ? &shared : nullptr;

    const Outcome whole = decode(bytes, SIZE_MAX, role, limit, compression);
    require(decode(bytes, 1, role, limit, compression) == whole, "byte by byte tells the same");
    require(decode(bytes, piece, role, limit, compression) == whole, "in pieces tells the same");

    const Role sender = role == Role::server ? Role::client : Role::server;
    const Outcome again = decode(encoded(whole.told, sender), SIZE_MAX, role, limit);
    require(!again.failed && again.told == whole.told, "what was told, encoded anew, is told again");

    for (const Told& one : whole.told) {
        if (one.kind != Opcode::text) continue;
        const auto frame = shared.frame_of(one.payload);
        if (!frame) continue;
        require(frame->size() < encode_text({one.payload}).size(), "what is compressed is shorter");
        const Outcome back = decode(frame->bytes(), SIZE_MAX, Role::client, limit, &shared);
        require(back.told == std::vector{one}, "what was told, compressed, is told again");
    }
}

}  // namespace
}  // namespace roomcast::net::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::net::ws::check({data, size});
    return 0;
}
