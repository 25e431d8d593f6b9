#include "shared/net/record_layer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

namespace roomcast::net {
namespace {

constexpr std::uint16_t suite = 0x1301;

TrafficSecret secret_of(char letter) {
    TrafficSecret secret;
    secret.size = 32;
    std::fill_n(secret.bytes.begin(), secret.size, static_cast<unsigned char>(letter));
    return secret;
}

RecordCipher cipher(CipherContexts& contexts, char letter, RecordCipher::Use use) {
    return std::move(*RecordCipher::make(contexts, suite, secret_of(letter), use, 0));
}

/// In order: what stands in braces is evaluated from left to right, unlike a sum.
std::string joined(std::initializer_list<std::string> parts) {
    std::string all;
    for (const auto& part : parts) all += part;
    return all;
}

/// The layer on one end of a socket, and on the other one what a client of any kind might do.
struct Ends {
    explicit Ends(std::uint64_t records_per_key = limits::tls_records_per_key) {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
        layer.emplace(fds[0], cipher(contexts, 'c', RecordCipher::Use::open),
                      cipher(contexts, 's', RecordCipher::Use::seal), records_per_key);
    }
    ~Ends() {
        ::close(fds[0]);
        ::close(fds[1]);
    }
    std::string sealed(std::string_view text, ContentType type = ContentType::application_data) {
        std::string record(text.size() + RecordCipher::overhead_bytes, '\0');
        REQUIRE(writer.seal(type, text, reinterpret_cast<unsigned char*>(record.data())) == record.size());
        return record;
    }
    /// Any inside, also one that no honest peer would make.
    std::string sealed_inside(std::string inside) {
        const auto type = static_cast<ContentType>(inside.back());
        inside.pop_back();
        return sealed(inside, type);
    }
    void send(std::string_view bytes) const {
        REQUIRE(::send(fds[1], bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
    IoOutcome read() {
        const IoOutcome outcome = layer->read(into);
        if (outcome.status == IoStatus::done) heard.append(into.data(), outcome.bytes);
        return outcome;
    }
    /// What lies at the client's end, opened: text, or the type and the rest in brackets.
    std::string told() {
        std::array<char, 64 * 1024> bytes;
        const ssize_t got = ::recv(fds[1], bytes.data(), bytes.size(), 0);
        raw.append(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        std::string all;
        while (raw.size() >= RecordCipher::header_bytes) {
            const std::size_t size =
                RecordCipher::header_bytes +
                (std::size_t{static_cast<unsigned char>(raw[3])} << 8 | static_cast<unsigned char>(raw[4]));
            if (raw.size() < size) break;
            const auto inside = reader.open(std::span(raw).first(size));
            REQUIRE(inside);
            const std::string text(inside->data(), inside->size() - 1);
            switch (static_cast<ContentType>(inside->back())) {
                case ContentType::application_data:
                    all += text;
                    break;
                case ContentType::alert:
                    all += "[alert " + std::to_string(text[0]) + " " + std::to_string(text[1]) + "]";
                    break;
                case ContentType::handshake:
                    all += "[key update " + std::to_string(text[4]) + "]";
                    REQUIRE(reader.next_key());
                    break;
            }
            raw.erase(0, size);
        }
        return all;
    }

    int fds[2] = {-1, -1};
    CipherContexts contexts;
    RecordCipher writer = cipher(contexts, 'c', RecordCipher::Use::seal);
    RecordCipher reader = cipher(contexts, 's', RecordCipher::Use::open);
    std::optional<RecordLayer> layer;
    std::vector<char> into = std::vector<char>(RecordLayer::least_read_bytes);
    std::string heard;
    std::string raw;
};

constexpr std::string_view key_update{"\x18\0\0\x01\0", 5};
constexpr std::string_view key_update_wanted{"\x18\0\0\x01\x01", 5};
constexpr std::string_view close_notify{"\x01\0", 2};

/// One that is refused: the alert that is said, and that nothing is heard of it or after it.
std::string refused(Ends& ends, const std::string& bytes) {
    ends.send(bytes);
    CHECK(ends.read().status == IoStatus::failed);
    CHECK(ends.read().status == IoStatus::failed);
    CHECK_FALSE(ends.layer->may_seal());
    CHECK(ends.layer->write("nothing more").status == IoStatus::failed);
    CHECK(ends.heard.empty());
    return ends.told();
}
std::string refused(const std::string& bytes) {
    Ends ends;
    return refused(ends, bytes);
}

}  // namespace

TEST_CASE("texts go both ways, several records at a time, and an empty socket asks to wait") {
    Ends ends;
    CHECK(ends.read().status == IoStatus::want_read);
    ends.send(joined({ends.sealed("hello, "), ends.sealed(""), ends.sealed("world")}));
    CHECK(ends.read().bytes == 12);
    CHECK(ends.heard == "hello, world");
    CHECK(ends.layer->write("hi").bytes == 2);
    CHECK(ends.layer->write(std::string(20'000, 'x')).bytes == RecordCipher::text_bytes);
    CHECK(ends.told() == "hi" + std::string(RecordCipher::text_bytes, 'x'));
}

TEST_CASE("however the records are cut on their way, the same is heard") {
    const std::string large(RecordCipher::text_bytes, 'l');
    for (const std::size_t piece : {1, 3, 22, 1000, 16'000}) {
        Ends ends;
        const std::string bytes = joined({ends.sealed("small"), ends.sealed(large), ends.sealed("end")});
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            ends.send(std::string_view(bytes).substr(at, piece));
            (void)ends.read();
        }
        CHECK(ends.heard == "small" + large + "end");
    }
}

TEST_CASE("padding is taken off") {
    Ends ends;
    ends.send(ends.sealed_inside(std::string("padded\x17\0\0\0", 10)));
    CHECK(ends.read().status == IoStatus::done);
    CHECK(ends.heard == "padded");
}

TEST_CASE("a full socket keeps the rest of a record, which goes first when there is room again") {
    Ends ends;
    const std::string text(RecordCipher::text_bytes, 'x');
    std::size_t written = 0;
    IoOutcome outcome;
    while ((outcome = ends.layer->write(text)).status == IoStatus::done) written += outcome.bytes;
    CHECK(outcome.status == IoStatus::want_write);
    CHECK(ends.layer->write(text).status == IoStatus::want_write);
    ends.layer->say_goodbye();  // would come in the midst of the record: is not said
    std::string told;
    while ((outcome = ends.layer->write("never looked at")).status == IoStatus::want_write)
        told += ends.told();
    CHECK(outcome.bytes == text.size());
    written += outcome.bytes;
    CHECK(ends.layer->write("!").bytes == 1);
    while (told.size() < written + 1) told += ends.told();
    CHECK(told == std::string(written, 'x') + "!");
}

TEST_CASE("a goodbye is told, and is heard behind what came before it") {
    Ends ends;
    ends.send(joined(
        {ends.sealed("last words"), ends.sealed(close_notify, ContentType::alert), ends.sealed("ghost")}));
    CHECK(ends.read().status == IoStatus::done);
    CHECK(ends.layer->holds_input());
    CHECK(ends.read().status == IoStatus::closed);
    CHECK(ends.heard == "last words");
    ends.layer->say_goodbye();
    CHECK(ends.told() == "[alert 1 0]");
    Ends gone;
    ::shutdown(gone.fds[1], SHUT_WR);
    CHECK(gone.read().status == IoStatus::closed);
}

TEST_CASE("a peer's alert ends the connection, but that of a user who cancels does not") {
    Ends ends;
    ends.send(joined({ends.sealed(std::string("\x01\x5a"), ContentType::alert), ends.sealed("still here")}));
    CHECK(ends.read().status == IoStatus::done);
    ends.send(ends.sealed(std::string("\x02\x14"), ContentType::alert));
    CHECK(ends.read().status == IoStatus::failed);
    CHECK(ends.told().empty());
}

TEST_CASE("the peer's key updates are followed, and answered with the next record where that is asked for") {
    Ends ends;
    ends.send(joined({ends.sealed("old key"), ends.sealed(key_update, ContentType::handshake)}));
    REQUIRE(ends.writer.next_key());
    ends.send(ends.sealed(", new key"));
    while (ends.heard.size() < 16) REQUIRE(ends.read().status == IoStatus::done);
    CHECK(ends.heard == "old key, new key");
    CHECK(ends.layer->write("no update").status == IoStatus::done);
    CHECK(ends.told() == "no update");
    for (int i = 0; i < 2; ++i) {
        ends.send(ends.sealed(key_update_wanted, ContentType::handshake));
        REQUIRE(ends.writer.next_key());
    }
    CHECK(ends.read().status == IoStatus::want_read);
    CHECK(ends.told().empty());
    CHECK(ends.layer->write("one for both").bytes == 12);
    CHECK(ends.layer->write(", once").bytes == 6);
    CHECK(ends.told() == "[key update 0]one for both, once");
}

TEST_CASE("a key of ours that was used as often as it may be is followed by the next one") {
    Ends ends(3);
    for (const char* word : {"a", "b", "c", "d", "e"}) CHECK(ends.layer->write(word).bytes == 1);
    CHECK(ends.told() == "abc[key update 0]de");
}

TEST_CASE("what must not come is refused with the alert that names it") {
    Ends ends;
    const auto handshake = [](Ends& at, std::string_view message) {
        return at.sealed(message, ContentType::handshake);
    };
    CHECK(refused(std::string("\x16\x03\x03\0\x05hello", 10)) == "[alert 2 10]");  // in the clear
    CHECK(refused(std::string("\x14\x03\x03\0\x01\x01", 6)) == "[alert 2 10]");    // the same
    CHECK(refused(std::string("\x17\x03\x03\x41\x01", 5)) == "[alert 2 22]");      // too long
    CHECK(refused(std::string("\x17\x03\x03\0\0", 5)) == "[alert 2 20]");          // too short
    CHECK(refused("\x17\x03\x03" + std::string(1, '\0') + "\x16" + std::string(22, 'x')) == "[alert 2 20]");
    const auto refused_inside = [](const std::string& inside) {
        Ends at;
        return refused(at, at.sealed_inside(inside));
    };
    CHECK(refused_inside(std::string(3, '\0')) == "[alert 2 10]");  // nothing but padding
    CHECK(refused_inside("unknown\x18") == "[alert 2 10]");
    CHECK(refused_inside(std::string(RecordCipher::text_bytes + 1, 'x') + "\x17") == "[alert 2 22]");
    CHECK(refused_inside("\x02\x15") == "[alert 2 50]");                          // half an alert
    CHECK(refused_inside("\x16") == "[alert 2 10]");                              // an empty message
    CHECK(refused_inside(std::string("\x01\0\0\0\x16", 5)) == "[alert 2 10]");    // a ClientHello
    CHECK(refused_inside(std::string("\x18\0\0\x01\x16", 5)) == "[alert 2 50]");  // a cut key update
    CHECK(refused_inside(std::string("\x18\0\0\x02\x01\x16", 6)) == "[alert 2 50]");
    CHECK(refused_inside(std::string("\x18\0\0\x01\x02\x16", 6)) == "[alert 2 47]");
    CHECK(refused(ends, handshake(ends, std::string(key_update) + std::string(key_update))) ==
          "[alert 2 50]");
}

TEST_CASE("a peer that says nothing in many records ends, one that says something in between does not") {
    Ends ends;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < limits::tls_records_without_text; ++i) ends.send(ends.sealed(""));
        ends.send(ends.sealed("text"));
        while (ends.read().status != IoStatus::done) CHECK_FALSE(ends.layer->holds_input());
    }
    for (int i = 0; i < limits::tls_records_without_text; ++i) ends.send(ends.sealed(""));
    while (ends.read().status != IoStatus::want_read) CHECK_FALSE(ends.layer->holds_input());
    ends.send(ends.sealed(key_update, ContentType::handshake));
    CHECK(ends.read().status == IoStatus::failed);
    CHECK(ends.heard == "texttext");
}

TEST_CASE("a socket that is gone fails, and kills nobody") {
    Ends ends;
    ::shutdown(ends.fds[1], SHUT_RDWR);
    CHECK(ends.layer->write("x").status == IoStatus::failed);
    ends.layer->say_goodbye();
}

}  // namespace roomcast::net
