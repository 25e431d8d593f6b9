// What TLS itself costs on this machine: a loop of SSL_write to N sockets, and a loop of accept and
// handshake. One thread, epoll, nothing else: no outbox (what does not fit into a socket is lost), no rooms,
// no checks.
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace {

constexpr std::string_view frame_head =
    R"({"type":"message","text":")";  // about as Roomcast's, filled up behind the text
constexpr int events_at_once = 512;

struct Peer {
    int fd = -1;
    SSL* ssl = nullptr;
    bool shaken = false;
    bool upgraded = false;
    std::string input;
};

class Floor {
public:
    Floor(const std::string& cert, const std::string& key, std::uint16_t port, std::size_t record_bytes)
        : record_bytes_(record_bytes),
          context_(SSL_CTX_new(TLS_server_method())),
          epoll_(::epoll_create1(0)) {
        SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
        SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_num_tickets(context_, 1);
        if (SSL_CTX_use_certificate_chain_file(context_, cert.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("cannot use " + cert + " with " + key);
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int one = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 4096) != 0)
            throw std::runtime_error(std::strerror(errno));
        watch(listener_, nullptr);
    }

    [[noreturn]] void run() {
        epoll_event ready[events_at_once];
        for (;;) {
            const int count = ::epoll_wait(epoll_, ready, events_at_once, -1);
            for (int i = 0; i < count; ++i) {
                auto* const peer = static_cast<Peer*>(ready[i].data.ptr);
                peer == nullptr ? accept() : serve(*peer);
            }
        }
    }

private:
    void watch(int fd, Peer* peer) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = peer;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void accept() {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (fd < 0) return;
        const int one = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        auto* const peer = new Peer;  // the program ends by a signal
        peer->fd = fd;
        peer->ssl = SSL_new(context_);
        SSL_set_fd(peer->ssl, fd);
        SSL_set_accept_state(peer->ssl);
        watch(fd, peer);
    }

    void serve(Peer& peer) {
        ERR_clear_error();
        if (!peer.shaken) {
            const int result = SSL_do_handshake(peer.ssl);
            if (result != 1) {
                if (SSL_get_error(peer.ssl, result) != SSL_ERROR_WANT_READ) drop(peer);
                return;
            }
            peer.shaken = true;
        }
        char bytes[16 * 1024];
        const int got = SSL_read(peer.ssl, bytes, sizeof bytes);
        if (got <= 0) {
            if (SSL_get_error(peer.ssl, got) != SSL_ERROR_WANT_READ) drop(peer);
            return;
        }
        peer.input.append(bytes, static_cast<std::size_t>(got));
        peer.upgraded ? take_frames(peer) : upgrade(peer);
    }

    void upgrade(Peer& peer) {
        if (peer.input.find("\r\n\r\n") == std::string::npos) return;
        static constexpr std::string_view answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        SSL_write(peer.ssl, answer.data(), static_cast<int>(answer.size()));
        if (peer.input.starts_with("GET /sub")) subscribers_.push_back(&peer);
        peer.upgraded = true;
        peer.input.clear();
    }

    /// Masked text frames of up to 64 KiB: what the bench's own client sends.
    void take_frames(Peer& peer) {
        std::size_t at = 0;
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(peer.input[at + i]); };
        while (peer.input.size() - at >= 6) {
            std::size_t length = byte(1) & 0x7F;
            const std::size_t head = length == 126 ? 4 : 2;
            if (length == 126) length = static_cast<std::size_t>(byte(2) << 8 | byte(3));
            if (peer.input.size() - at < head + 4 + length) break;
            std::string text(frame_head);
            for (std::size_t i = 0; i < length; ++i)
                text.push_back(static_cast<char>(byte(head + 4 + i) ^ byte(head + (i & 3))));
            at += head + 4 + length;
            send_to_all(text);
        }
        peer.input.erase(0, at);
    }

    void send_to_all(std::string text) {
        const std::size_t head = record_bytes_ < 128 ? 2 : 4;
        text.resize(record_bytes_ - head, ' ');
        std::string frame{'\x81'};
        if (head == 2) {
            frame.push_back(static_cast<char>(text.size()));
        } else {
            frame += {'\x7E', static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xFF)};
        }
        frame += text;
        for (Peer* const peer : subscribers_)
            SSL_write(peer->ssl, frame.data(), static_cast<int>(frame.size()));
    }

    void drop(Peer& peer) {
        std::erase(subscribers_, &peer);
        ::close(peer.fd);
        SSL_free(peer.ssl);
        delete &peer;
    }

    std::size_t record_bytes_;
    SSL_CTX* context_;
    int epoll_;
    int listener_ = -1;
    std::vector<Peer*> subscribers_;
};

}  // namespace

int main(int argc, char** argv) {
    std::string cert, key;
    std::uint16_t port = 0;
    std::size_t record_bytes = 240;
    CLI::App app{"The floor of fan-out over TLS: SSL_write in a loop. Ends by a signal.", "floor-tls"};
    app.add_option("--cert", cert)->required();
    app.add_option("--key", key)->required();
    app.add_option("--port", port)->required();
    app.add_option("--record-bytes", record_bytes, "of each WebSocket frame")
        ->capture_default_str()
        ->check(CLI::Range(128, 16000));
    CLI11_PARSE(app, argc, argv);
    try {
        Floor(cert, key, port, record_bytes).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "floor-tls: %s\n", failure.what());
        return 1;
    }
}
