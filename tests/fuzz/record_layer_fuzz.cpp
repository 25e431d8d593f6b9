// The record layer of TLS: whatever a peer with the right key puts into its records, and whatever bytes come
// in between, it ends tidily, and gives no text but what stood in records of application data, in order.

#include <algorithm>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "shared/net/record_layer.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::net {
namespace {

using fuzz::require;
constexpr std::uint16_t suite = 0x1301;

RecordCipher cipher(CipherContexts& contexts, RecordCipher::Use use) {
    TrafficSecret secret;
    secret.size = 32;
    return std::move(*RecordCipher::make(contexts, suite, secret, use, 0));
}

struct Sockets {
    Sockets() { require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0, "sockets"); }
    ~Sockets() {
        ::close(fds[0]);
        ::close(fds[1]);
    }
    int fds[2] = {-1, -1};
};

/// What a reader is to make of an inside: its last byte that is not 0, and what stands before that.
std::pair<ContentType, std::string> without_padding(std::string inside, ContentType last) {
    inside.push_back(static_cast<char>(last));
    const std::size_t at = inside.find_last_not_of('\0');
    if (at == std::string::npos) return {last, ""};
    return {static_cast<ContentType>(inside[at]), inside.substr(0, at)};
}

/// The input is a list of pieces: a byte that says what comes, a byte with its length, and so many bytes.
/// They are what is inside of a record (the last byte its type) or stand bare between records.
void check(fuzz::Input input) {
    const Sockets sockets;
    CipherContexts contexts;
    RecordLayer layer(sockets.fds[0], cipher(contexts, RecordCipher::Use::open),
                      cipher(contexts, RecordCipher::Use::seal));
    RecordCipher writer = cipher(contexts, RecordCipher::Use::seal);
    std::vector<char> into(RecordLayer::least_read_bytes);
    std::string said, heard;
    bool honest = true;
    const std::string bytes = input.rest();
    for (std::size_t at = 0; at + 2 < bytes.size();) {
        const auto steer = static_cast<unsigned char>(bytes[at]);
        const std::size_t length =
            std::min<std::size_t>(static_cast<unsigned char>(bytes[at + 1]) + 1, bytes.size() - at - 2);
        std::string piece = bytes.substr(at + 2, length);
        at += 2 + length;
        if (steer % 8 == 0) {
            honest = false;
            require(::send(sockets.fds[1], piece.data(), piece.size(), 0) > 0, "bare bytes are sent");
        } else {
            const auto last = static_cast<ContentType>(piece.back());
            piece.pop_back();
            const auto [type, text] = without_padding(piece, last);
            if (type == ContentType::application_data && honest) said += text;
            std::string record(piece.size() + RecordCipher::overhead_bytes, '\0');
            require(
                writer.seal(last, piece, reinterpret_cast<unsigned char*>(record.data())) == record.size(),
                "a record is sealed");
            const std::size_t cut = steer % 4 == 1 ? record.size() / 2 : record.size();
            require(::send(sockets.fds[1], record.data(), cut, 0) > 0, "a record is sent");
            if (cut < record.size()) {
                const IoOutcome half = layer.read(into);
                if (half.status == IoStatus::done) heard.append(into.data(), half.bytes);
                if (half.status == IoStatus::failed || half.status == IoStatus::closed) return;
                require(::send(sockets.fds[1], record.data() + cut, record.size() - cut, 0) > 0,
                        "and its rest");
            }
            if (type == ContentType::handshake && text.size() == 5) require(writer.next_key(), "a next key");
        }
        const IoOutcome outcome = layer.read(into);
        if (outcome.status == IoStatus::done) heard.append(into.data(), outcome.bytes);
        require(heard.size() <= said.size() && said.starts_with(heard), "only what was said is heard");
        if (outcome.status == IoStatus::failed || outcome.status == IoStatus::closed) {
            require(layer.read(into).status == outcome.status, "what has ended stays ended");
            return;
        }
        (void)layer.write("an answer");
    }
    layer.say_goodbye();
}

}  // namespace
}  // namespace roomcast::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::net::check({data, size});
    return 0;
}
