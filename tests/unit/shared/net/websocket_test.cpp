#include "shared/net/websocket.hpp"

#include <random>

#include <doctest/doctest.h>

#include "tests/unit/shared/net/websocket_frames.hpp"

namespace roomcast::net::ws {
namespace {

using Lines = std::vector<std::string>;

std::string bytes_of(const SharedFrame& frame) { return std::string(frame.bytes()); }

std::string close_payload(unsigned code, std::string_view reason = {}) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + std::string(reason);
}

std::string long_text(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += "message " + std::to_string(text.size()) + ". ";
    text.resize(bytes);
    return text;
}

}  // namespace

TEST_CASE("payloads of every length form arrive whole, in one piece or byte by byte") {
    for (const std::size_t size : {0, 1, 7, 8, 9, 124, 125, 126, 127, 128, 65'534, 65'535, 65'536, 65'537}) {
        const std::string text = long_text(size);
        CHECK(decode(text_frame(text)).seen == Lines{"text:" + text});
        if (size < 300) CHECK(decode(text_frame(text), 1).seen == Lines{"text:" + text});
        CHECK(decode(RawFrame{0x82, text}.bytes(), 1009).seen == Lines{"binary:" + text});
    }
}

TEST_CASE("frames cut at every byte give the same messages, with any mask") {
    for (const std::uint32_t mask : {0U, 0xFFFFFFFFU, 0x01020304U, 0x80FF7F00U}) {
        const std::string bytes =
            RawFrame{0x81, long_text(37), mask}.bytes() + RawFrame{0x89, "are you there", mask}.bytes() +
            RawFrame{0x01, "frag", mask}.bytes() + RawFrame{0x80, "ments", mask}.bytes() +
            RawFrame{0x82, long_text(130), mask}.bytes() +
            RawFrame{0x88, close_payload(1000, "bye"), mask}.bytes();
        const auto whole = decode(bytes);
        REQUIRE(whole.seen.size() == 5);
        REQUIRE_FALSE(whole.failed);
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            Decoder decoder(Role::server, message_limit);
            FrameDiary diary;
            std::string first = bytes.substr(0, cut);
            std::string rest = bytes.substr(cut);
            CHECK_FALSE(decoder.feed(first, diary));
            CHECK_FALSE(decoder.feed(rest, diary));
            CHECK(diary.seen == whole.seen);
        }
        for (std::size_t piece = 1; piece < 20; ++piece) CHECK(decode(bytes, piece).seen == whole.seen);
    }
}

TEST_CASE("the mask is right from wherever in the payload a piece begins") {
    const std::string text = long_text(64);
    const std::string bytes = RawFrame{0x81, text, 0xA1B2C3D4}.bytes();
    for (std::size_t first = 0; first < 16; ++first)
        for (std::size_t second = 0; second < 16; ++second) {
            Decoder decoder(Role::server, message_limit);
            FrameDiary diary;
            for (std::string piece : {bytes.substr(0, 6 + first), bytes.substr(6 + first, second),
                                      bytes.substr(6 + first + second)})
                CHECK_FALSE(decoder.feed(piece, diary));
            CHECK(diary.seen == Lines{"text:" + text});
        }
}

TEST_CASE("control frames between fragments are told at once and leave the message whole") {
    const std::string bytes = RawFrame{0x01, "one "}.bytes() + RawFrame{0x89, "p"}.bytes() +
                              RawFrame{0x00, "two "}.bytes() + RawFrame{0x8A, ""}.bytes() +
                              RawFrame{0x80, "three"}.bytes();
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
        const auto got = decode(bytes, piece);
        CHECK(got.seen == Lines{"ping:p", "pong:", "text:one two three"});
        CHECK_FALSE(got.failed);
    }
}

TEST_CASE("fragments may be empty, first, last or all of them") {
    const auto fragments = [](std::string a, std::string b, std::string c) {
        return RawFrame{0x01, std::move(a)}.bytes() + RawFrame{0x00, std::move(b)}.bytes() +
               RawFrame{0x80, std::move(c)}.bytes();
    };
    CHECK(decode(fragments("", "x", "")).seen == Lines{"text:x"});
    CHECK(decode(fragments("", "", "x")).seen == Lines{"text:x"});
    CHECK(decode(fragments("x", "", "")).seen == Lines{"text:x"});
    CHECK(decode(fragments("", "", "") + text_frame("next")).seen == Lines{"text:", "text:next"});
}

TEST_CASE("a message of the limit is taken; one byte more is too big, in one frame or in fragments") {
    const std::size_t limit = 1000;
    const auto feed = [&](const std::string& bytes) { return decode(bytes, SIZE_MAX, Role::server, limit); };
    CHECK(feed(text_frame(long_text(limit))).seen.size() == 1);
    CHECK(feed(text_frame(long_text(limit + 1))).failed == CloseCode::too_big);
    CHECK(feed(RawFrame{0x01, long_text(600)}.bytes() + RawFrame{0x80, long_text(400)}.bytes()).seen.size() ==
          1);
    const auto fragments =
        feed(RawFrame{0x01, long_text(600)}.bytes() + RawFrame{0x80, long_text(401)}.bytes());
    CHECK(fragments.failed == CloseCode::too_big);
    CHECK(fragments.seen.empty());
}

TEST_CASE("a frame that is too big is refused by its header, before any of its payload came") {
    std::string header = RawFrame{0x81, long_text(70'000)}.bytes().substr(0, 14);
    CHECK(decode(header, 1, Role::server, 1000).failed == CloseCode::too_big);
    for (int i = 2; i < 10; ++i) header[static_cast<std::size_t>(i)] = '\x7F';  // nearly 2^63 bytes
    CHECK(decode(header).failed == CloseCode::too_big);
    header[2] = '\xFF';  // the highest bit is not for use
    CHECK(decode(header).failed == CloseCode::protocol_error);
}

TEST_CASE("a length that is not in its shortest form is refused") {
    CHECK(decode(RawFrame{0x81, long_text(125), 1, LengthForm::bytes_2}.bytes()).failed ==
          CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x81, "", 1, LengthForm::bytes_2}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x81, long_text(125), 1, LengthForm::bytes_8}.bytes()).failed ==
          CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x81, long_text(65'535), 1, LengthForm::bytes_8}.bytes()).failed ==
          CloseCode::protocol_error);
    CHECK_FALSE(decode(RawFrame{0x81, long_text(126), 1, LengthForm::bytes_2}.bytes()).failed);
    CHECK_FALSE(decode(RawFrame{0x81, long_text(65'536), 1, LengthForm::bytes_8}.bytes()).failed);
}

TEST_CASE("reserved bits and opcodes are refused") {
    for (const int bits : {0x10, 0x20, 0x40, 0x70})
        CHECK(decode(RawFrame{static_cast<std::uint8_t>(0x81 | bits), "x"}.bytes()).failed ==
              CloseCode::protocol_error);
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        CHECK(decode(RawFrame{static_cast<std::uint8_t>(0x80 | opcode), ""}.bytes()).failed ==
              CloseCode::protocol_error);
}

TEST_CASE("a client must mask and a server must not") {
    CHECK(decode(RawFrame{0x81, "x", std::nullopt}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x81, "x", std::nullopt}.bytes(), 1, Role::client).seen == Lines{"text:x"});
    CHECK(decode(RawFrame{0x81, "x", 5}.bytes(), 1, Role::client).failed == CloseCode::protocol_error);
}

TEST_CASE("a continuation needs a message to continue, and a message in progress allows no other") {
    CHECK(decode(RawFrame{0x80, "x"}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x00, "x"}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x01, "x"}.bytes() + RawFrame{0x81, "y"}.bytes()).failed ==
          CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x01, "x"}.bytes() + RawFrame{0x02, "y"}.bytes()).failed ==
          CloseCode::protocol_error);
    CHECK(decode(text_frame("x") + RawFrame{0x80, "y"}.bytes()).failed == CloseCode::protocol_error);
}

TEST_CASE("control frames are short and whole") {
    for (const int opcode : {0x8, 0x9, 0xA}) {
        CHECK(decode(RawFrame{static_cast<std::uint8_t>(opcode), "ab"}.bytes()).failed ==
              CloseCode::protocol_error);
        const auto first = static_cast<std::uint8_t>(0x80 | opcode);
        CHECK(decode(RawFrame{first, long_text(126)}.bytes()).failed == CloseCode::protocol_error);
    }
    CHECK(decode(RawFrame{0x89, long_text(125)}.bytes(), 10).seen == Lines{"ping:" + long_text(125)});
}

TEST_CASE("a close frame has no payload, or a code that may be sent and a reason in UTF-8") {
    CHECK(decode(RawFrame{0x88, ""}.bytes()).seen == Lines{"close:none:"});
    CHECK(decode(RawFrame{0x88, close_payload(1000)}.bytes()).seen == Lines{"close:1000:"});
    CHECK(decode(RawFrame{0x88, close_payload(4001, "h\u00e9")}.bytes(), 1).seen ==
          Lines{"close:4001:h\u00e9"});
    CHECK(decode(RawFrame{0x88, "\x03"}.bytes()).failed == CloseCode::protocol_error);
    CHECK(decode(RawFrame{0x88, close_payload(1000, "\xFF")}.bytes()).failed == CloseCode::invalid_text);
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65'535U}) {
        CHECK_FALSE(valid_close_code(static_cast<std::uint16_t>(code)));
        CHECK(decode(RawFrame{0x88, close_payload(code)}.bytes()).failed == CloseCode::protocol_error);
    }
    for (const unsigned code :
         {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U, 3000U, 4999U})
        CHECK(decode(RawFrame{0x88, close_payload(code)}.bytes()).seen.size() == 1);
}

TEST_CASE("text that is not UTF-8 fails as soon as it is known, inside a fragment that goes on") {
    std::string bytes = RawFrame{0x01, "good \xC0 bad"}.bytes();
    CHECK(decode(bytes).failed == CloseCode::invalid_text);
    Decoder decoder(Role::server, message_limit);
    FrameDiary diary;
    std::string until_bad = bytes.substr(0, 6 + 6);  // header, mask, "good " and the bad byte
    CHECK(decoder.feed(until_bad, diary) == CloseCode::invalid_text);
}

TEST_CASE("a character may be cut by fragments but not by the message's end; binary may hold anything") {
    CHECK(decode(RawFrame{0x01, "\xE2\x82"}.bytes() + RawFrame{0x80, "\xAC"}.bytes()).seen ==
          Lines{"text:\u20ac"});
    CHECK(decode(RawFrame{0x01, "x"}.bytes() + RawFrame{0x80, "\xE2\x82"}.bytes()).failed ==
          CloseCode::invalid_text);
    CHECK(decode(text_frame("\xE2\x82")).failed == CloseCode::invalid_text);
    CHECK(decode(RawFrame{0x82, "\xE2\x82\xFF"}.bytes()).seen == Lines{"binary:\xE2\x82\xFF"});
    CHECK(decode(RawFrame{0x02, "\xFF"}.bytes() + RawFrame{0x80, "\xC0"}.bytes()).seen ==
          Lines{"binary:\xFF\xC0"});
}

TEST_CASE("a sink that answers false is told nothing more of these bytes") {
    Decoder decoder(Role::server, message_limit);
    FrameDiary diary;
    diary.stop_after = 2;
    std::string bytes = text_frame("1") + text_frame("2") + text_frame("3");
    CHECK_FALSE(decoder.feed(bytes, diary));
    CHECK(diary.seen == Lines{"text:1", "text:2"});
}

TEST_CASE("what one side encodes the other decodes, in both roles and all sizes") {
    std::mt19937 random(11);
    for (const std::size_t size : {0, 1, 125, 126, 127, 4096, 65'535, 65'536, 80'000}) {
        std::string payload(size, '\0');
        for (char& c : payload) c = static_cast<char>(random());
        for (const Role role : {Role::server, Role::client}) {
            const Role peer = role == Role::server ? Role::client : Role::server;
            CHECK(decode(bytes_of(encode(Opcode::binary, payload, role)), 777, peer).seen ==
                  Lines{"binary:" + payload});
        }
    }
    CHECK(decode(bytes_of(encode_text({"a", "", "bc"})), 1, Role::client).seen == Lines{"text:abc"});
    CHECK(decode(bytes_of(encode_text({long_text(70'000)})), SIZE_MAX, Role::client).seen ==
          Lines{"text:" + long_text(70'000)});
    CHECK(decode(bytes_of(encode_close(CloseCode::too_slow, "too slow")), 1, Role::client).seen ==
          Lines{"close:4008:too slow"});
    CHECK(decode(bytes_of(encode_close(CloseCode::normal, long_text(200), Role::client))).seen ==
          Lines{"close:1000:" + long_text(123)});
    CHECK(bytes_of(encode(Opcode::text, "x", Role::client)) !=
          bytes_of(encode(Opcode::text, "x", Role::client)));
}

TEST_CASE("the handshake's key is answered as in RFC 6455's example") {
    CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
    for (const char* bad :
         {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZQAA",
          "dGhl IHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j-Q=="})
        CHECK_FALSE(valid_key(bad));
    CHECK(valid_key(make_key()));
    CHECK(make_key() != make_key());
}

TEST_CASE("random bytes never make the decoder read past them or hold more than its limit") {
    std::mt19937 random(99);
    for (int round = 0; round < 5000; ++round) {
        std::string bytes(random() % 200, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        if (!bytes.empty()) bytes[0] = static_cast<char>(0x80 | (random() % 3));
        for (const auto& line :
             decode(bytes, 1 + random() % 50, round % 2 == 0 ? Role::server : Role::client, 64).seen)
            CHECK(line.size() <= 64 + 200);
    }
}

}  // namespace roomcast::net::ws
