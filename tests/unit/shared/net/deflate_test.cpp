#include "shared/net/deflate.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/shared/net/websocket_frames.hpp"

namespace roomcast::net {
namespace {

constexpr std::size_t most = 1'000'000;
constexpr std::size_t server_head_bytes = 2;  // of a frame below 126 bytes

/// The payload of "Hello", compressed, of RFC 7692, 7.2.3.1.
const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);

std::string chat(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes)
        text += R"({"type":"message","room":"general","seq":)" + std::to_string(text.size()) + "},";
    text.resize(bytes);
    return text;
}

std::string noise(std::size_t bytes) {
    std::mt19937 random(3);
    std::string text(bytes, '\0');
    for (auto& c : text) c = static_cast<char>(random());
    return text;
}

/// The payload of a server's frame of any length.
std::string payload_of(const SharedFrame& frame) {
    const std::string bytes(frame.bytes());
    const auto length = static_cast<unsigned char>(bytes.at(1));
    return bytes.substr(server_head_bytes + (length == 126 ? 2 : length == 127 ? 8 : 0));
}

}  // namespace

TEST_CASE("an offer of permessage-deflate is accepted without context, whatever stands beside it") {
    const std::string ours = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for (const char* offers :
         {"permessage-deflate", "permessage-deflate; client_max_window_bits",
          "permessage-deflate;client_max_window_bits=10 ;server_no_context_takeover",
          "permessage-deflate; client_max_window_bits=\"15\"; client_no_context_takeover",
          "x-webkit-deflate-frame, permessage-deflate", "  permessage-deflate  ",
          "permessage-deflate; server_max_window_bits=10, permessage-deflate"})
        CHECK_MESSAGE(accept_deflate(offers) == ours, offers);
}

TEST_CASE("an offer with what is not ours to promise, or is not understood, is not accepted") {
    for (const char* offers :
         {"", ",", ";", "deflate", "permessage-deflate-2", "x; permessage-deflate",
          "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits",
          "permessage-deflate; client_max_window_bits=7", "permessage-deflate; client_max_window_bits=16",
          "permessage-deflate; client_max_window_bits=", "permessage-deflate; client_max_window_bits=1",
          "permessage-deflate; client_max_window_bits=\"", "permessage-deflate; client_max_window_bits=08",
          "permessage-deflate; client_no_context_takeover=1", "permessage-deflate; unheard_of",
          "permessage-deflate; client_no_context_takeover; client_no_context_takeover", "permessage-deflate;",
          "permessage-bzip2"})
        CHECK_MESSAGE(!accept_deflate(offers), offers);
}

TEST_CASE("what is compressed is a compressed text frame that inflates to the text, at every size") {
    Compression compression(1);
    for (const std::size_t bytes : {100, 126, 1'000, 4'096, 65'535, 70'000, 500'000, 200}) {
        const auto text = chat(bytes);
        const auto frame = compression.frame_of(text);
        REQUIRE(frame);
        CHECK(static_cast<unsigned char>(frame->bytes().front()) == 0xC1);  // FIN, RSV1, text
        CHECK(frame->size() < bytes);
        const auto payload = payload_of(*frame);
        const auto again = compression.inflate(payload, most);
        REQUIRE(again);
        CHECK(*again == text);
    }
}

TEST_CASE("each message is compressed by itself: the same text gives the same bytes whatever went before") {
    Compression compression(1);
    const auto text = chat(300);
    const std::string first(compression.frame_of(text)->bytes());
    static_cast<void>(compression.frame_of(chat(5'000)));
    CHECK(compression.frame_of(text)->bytes() == first);
}

TEST_CASE("what is too short, or would be no shorter, is not compressed") {
    Compression compression(200);
    CHECK_FALSE(compression.frame_of(chat(199)));
    CHECK(compression.frame_of(chat(200)));
    Compression eager(1);
    CHECK_FALSE(eager.frame_of("x"));
    for (const std::size_t bytes : {10, 100, 1'000, 100'000}) CHECK_FALSE(eager.frame_of(noise(bytes)));
    CHECK(eager.frame_of(chat(100)));
}

TEST_CASE("messages of other compressors are inflated: stored, in several blocks, with a last block") {
    Compression compression(1);
    CHECK(*compression.inflate(hello, most) == "Hello");
    CHECK(*compression.inflate(std::string("\x00\x05\x00\xfa\xff", 5) + "Hello" + '\0', most) == "Hello");
    CHECK(*compression.inflate(std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8), most) == "Hello");
    CHECK(*compression.inflate(std::string("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13),
                               most) == "Hello");
    CHECK(compression.inflate(std::string(1, '\0'), most)->empty());
}

TEST_CASE("an inflated message is still there when an answer to it has been compressed") {
    Compression compression(1);
    const auto payload = payload_of(*compression.frame_of(chat(2'000)));
    const auto read = *compression.inflate(payload, most);
    CHECK(compression.frame_of(chat(70'000)));
    CHECK(read == chat(2'000));
}

TEST_CASE("a message that inflates to more than it may is refused, and no more memory is taken for it") {
    Compression compression(1);
    const auto bomb = payload_of(*compression.frame_of(std::string(5'000'000, 'x')));
    CHECK(bomb.size() < 30'000);
    CHECK(compression.inflate(bomb, 64 * 1024).error().code == Errc::too_large);
    const auto exact = payload_of(*compression.frame_of(chat(10'000)));
    CHECK(compression.inflate(exact, 10'000));
    CHECK(compression.inflate(exact, 9'999).error().code == Errc::too_large);
}

TEST_CASE("what is not deflated, or is cut off, is refused, and the next message is read as ever") {
    Compression compression(1);
    const auto whole = payload_of(*compression.frame_of(chat(1'000)));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto part = whole.substr(0, length);
        const auto read = compression.inflate(part, most);
        CHECK_MESSAGE(!read, length);
    }
    CHECK(compression.inflate(noise(1'000), most).error().code == Errc::bad_frame);
    CHECK(*compression.inflate(hello, most) == "Hello");
}

}  // namespace roomcast::net

namespace roomcast::net::ws {
namespace {

using Lines = std::vector<std::string>;

Decoded decode_deflated(std::string_view bytes, std::size_t piece = SIZE_MAX,
                        std::size_t limit = message_limit) {
    Compression compression(1);
    Decoder decoder(Role::server, limit);
    decoder.allow_deflate(compression);
    FrameDiary diary;
    std::optional<CloseCode> failed;
    for (std::size_t at = 0; at < bytes.size() && !failed;) {
        const std::size_t taken = std::min(piece, bytes.size() - at);
        std::string part(bytes.substr(at, taken));
        failed = decoder.feed(std::span(part.data(), part.size()), diary);
        at += taken;
    }
    return {diary.seen, failed};
}

std::string deflated(std::string_view text) {
    Compression compression(1);
    return payload_of(*compression.frame_of(text));
}

}  // namespace

TEST_CASE("a decoder that allows it takes compressed messages beside plain ones, in any pieces") {
    const std::string bytes = RawFrame{0xC1, hello}.bytes() + text_frame("plain") +
                              RawFrame{0x41, hello.substr(0, 3)}.bytes() + RawFrame{0x89, "ping"}.bytes() +
                              RawFrame{0x00, hello.substr(3, 2)}.bytes() +
                              RawFrame{0x80, hello.substr(5)}.bytes() + RawFrame{0xC2, hello}.bytes() +
                              RawFrame{0xC1, deflated(chat(3'000))}.bytes();
    const Lines expected{"text:Hello", "text:plain",   "ping:ping",
                         "text:Hello", "binary:Hello", "text:" + chat(3'000)};
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{17}, SIZE_MAX}) {
        const auto read = decode_deflated(bytes, piece);
        CHECK(read.seen == expected);
        CHECK_FALSE(read.failed);
    }
}

TEST_CASE("a compressed message that was not agreed on breaks the protocol") {
    CHECK(decode(RawFrame{0xC1, hello}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode_deflated(RawFrame{0xC1, hello}.bytes()).seen == Lines{"text:Hello"});
}

TEST_CASE("the compressed bit where it may not be, and the other reserved bits, break the protocol") {
    CHECK(decode_deflated(RawFrame{0xC9, "ping"}.bytes()).failed == CloseCode::protocol_error);
    CHECK(
        decode_deflated(RawFrame{0x41, hello.substr(0, 3)}.bytes() + RawFrame{0xC0, hello.substr(3)}.bytes())
            .failed == CloseCode::protocol_error);
    for (const unsigned first : {0xA1U, 0x91U, 0xE1U, 0xD1U})
        CHECK(decode_deflated(RawFrame{static_cast<std::uint8_t>(first), hello}.bytes()).failed ==
              CloseCode::protocol_error);
}

TEST_CASE("a compressed message is held to the limit by its size once inflated, and to UTF-8") {
    const auto large = RawFrame{0xC1, deflated(std::string(5'000, 'x'))}.bytes();
    CHECK(decode_deflated(large, SIZE_MAX, 5'000).seen.size() == 1);
    CHECK(decode_deflated(large, SIZE_MAX, 4'999).failed == CloseCode::too_big);
    const auto latin = RawFrame{0xC1, deflated(std::string(100, '\xE4'))}.bytes();
    CHECK(decode_deflated(latin).failed == CloseCode::invalid_text);
    CHECK(decode_deflated(RawFrame{0xC1, "no deflate"}.bytes()).failed == CloseCode::invalid_text);
}

}  // namespace roomcast::net::ws
