#include "shared/net/record_cipher.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace roomcast::net {
namespace {

constexpr std::uint16_t suites[] = {0x1301, 0x1302, 0x1303};

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return bytes;
}

TrafficSecret secret_of(std::string_view bytes) {
    TrafficSecret secret;
    secret.size = bytes.size();
    std::copy(bytes.begin(), bytes.end(), secret.bytes.begin());
    return secret;
}

TrafficSecret any_secret(std::uint16_t suite) {
    return secret_of(std::string(suite == 0x1302 ? 48 : 32, 's'));
}

RecordCipher cipher(CipherContexts& contexts, std::uint16_t suite, RecordCipher::Use use) {
    auto made = RecordCipher::make(contexts, suite, any_secret(suite), use, 0);
    REQUIRE(made);
    return std::move(*made);
}

std::string sealed(RecordCipher& writer, std::string_view text,
                   ContentType type = ContentType::application_data) {
    std::vector<unsigned char> record(text.size() + RecordCipher::overhead_bytes);
    REQUIRE(writer.seal(type, text, record.data()) == record.size());
    return {record.begin(), record.end()};
}

std::optional<std::string> opened(RecordCipher& reader, std::string record) {
    const auto inside = reader.open(record);
    if (!inside) return std::nullopt;
    return std::string(inside->data(), inside->size());
}

}  // namespace

TEST_CASE("a record is sealed as in the example handshake of RFC 8448") {
    CipherContexts contexts;
    // Section 3: the server's application data, behind one record with a session ticket.
    const auto secret =
        secret_of(from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"));
    std::string text;
    for (char i = 0; i < 50; ++i) text.push_back(i);
    const auto expected = from_hex(
        "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fc"
        "c49c4bf2e5f0a21c0047c2abf332540dd032e167c2955d");
    auto writer = RecordCipher::make(contexts, 0x1301, secret, RecordCipher::Use::seal, 1);
    REQUIRE(writer);
    CHECK(sealed(*writer, text) == expected);
    CHECK(writer->records() == 2);
    auto reader = RecordCipher::make(contexts, 0x1301, secret, RecordCipher::Use::open, 1);
    REQUIRE(reader);
    CHECK(opened(*reader, expected) == text + '\x17');
}

TEST_CASE("what is sealed opens again, in order, over all suites and sizes, also with the next key") {
    CipherContexts contexts;
    for (const auto suite : suites) {
        CAPTURE(suite);
        auto writer = cipher(contexts, suite, RecordCipher::Use::seal);
        auto reader = cipher(contexts, suite, RecordCipher::Use::open);
        for (const std::size_t size : {0, 1, 15, 16, 100, 1000, 16 * 1024}) {
            const std::string text(size, 'x');
            CHECK(opened(reader, sealed(writer, text)) == text + '\x17');
        }
        REQUIRE(writer.next_key());
        REQUIRE(reader.next_key());
        CHECK(writer.records() == 0);
        CHECK(opened(reader, sealed(writer, "\1\0", ContentType::alert)) == "\1\x15");
    }
}

TEST_CASE("a record that was forged, cut, doubled, left out or sealed with another key does not open") {
    CipherContexts contexts;
    for (const auto suite : suites) {
        CAPTURE(suite);
        const auto refused = [&](auto change) {
            auto writer = cipher(contexts, suite, RecordCipher::Use::seal);
            auto reader = cipher(contexts, suite, RecordCipher::Use::open);
            return !opened(reader, change(writer, reader));
        };
        for (const std::size_t at : {0, 4, 5, 9, 24})
            CHECK(refused([&](auto& writer, auto&) {
                std::string record = sealed(writer, "hello");
                record[at] = static_cast<char>(record[at] ^ 1);
                return record;
            }));
        CHECK(refused([](auto& writer, auto&) {
            std::string record = sealed(writer, "hello");
            return record.substr(0, record.size() - 1);
        }));
        CHECK(refused([](auto& writer, auto&) { return sealed(writer, "hello").substr(0, 21); }));
        CHECK(refused([](auto& writer, auto& reader) {
            std::string record = sealed(writer, "hello");
            CHECK(opened(reader, record));
            return record;
        }));
        CHECK(refused([](auto& writer, auto&) {
            CHECK_FALSE(sealed(writer, "hello").empty());
            return sealed(writer, "there");
        }));
        CHECK(refused([](auto& writer, auto&) {
            CHECK(writer.next_key());
            return sealed(writer, "hello");
        }));
    }
}

TEST_CASE("a suite that is not known and a secret of another size make nothing") {
    CipherContexts contexts;
    CHECK_FALSE(RecordCipher::make(contexts, 0x1304, any_secret(0x1301), RecordCipher::Use::seal, 0));
    CHECK_FALSE(RecordCipher::make(contexts, 0x1302, any_secret(0x1301), RecordCipher::Use::seal, 0));
    CHECK_FALSE(RecordCipher::make(contexts, 0x1301, TrafficSecret{}, RecordCipher::Use::open, 0));
}

}  // namespace roomcast::net
