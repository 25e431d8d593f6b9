#include "bench/crowd/client.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <openssl/err.h>

#include "shared/net/deflate.hpp"

namespace roomcast::bench {
namespace {

constexpr std::size_t read_bytes = 64UL * 1024;
constexpr std::size_t head_bytes = 16UL * 1024;
constexpr unsigned char compressed_bit = 0x40;
constexpr unsigned char mask[4] = {0x5A, 0xC3, 0x17, 0x9E};  // nothing here needs to be hidden

// All clients of the process read on one thread.
char scratch[read_bytes];
net::Compression& inflater() {
    static net::Compression one{1};
    return one;
}

}  // namespace

Client::~Client() {
    if (fd_ >= 0) ::close(fd_);
}

void Client::start(const Target& target, int receive_bytes) {
    target_ = &target;
    state_ = State::connecting;
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return end(std::strerror(errno));
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (receive_bytes > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    const int result = ::connect(fd_, address, sizeof target.address);
    if (result < 0 && errno != EINPROGRESS) return end(std::strerror(errno));
    watched_ = EPOLLOUT;
    poller_.add(fd_, watched_, this);
}

void Client::on_ready(std::uint32_t events) {
    switch (state_) {
        case State::connecting:
            return connected();
        case State::shaking:
            return shake();
        case State::upgrading:
        case State::open:
            if ((events & EPOLLOUT) != 0) flush();
            if (state_ != State::ended && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
                if (reads_) return read();
                end("closed while not reading");
            }
            return;
        default:
            return;
    }
}

void Client::connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(std::strerror(error));
    if (target_->tls == nullptr) return upgrade();
    ssl_.reset(SSL_new(target_->tls));
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set_tlsext_host_name(ssl_.get(), target_->host.c_str());
    SSL_set_connect_state(ssl_.get());
    state_ = State::shaking;
    shake();
}

void Client::shake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
        handler_.on_shaken(*this);
        if (state_ == State::shaking) upgrade();
    } else if (!must_wait(result)) {
        end("the TLS handshake failed");
    }
}

void Client::upgrade() {
    state_ = State::upgrading;
    sending_ = target_->request;
    watch(EPOLLIN);
    flush();
}

bool Client::must_wait(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            watch(reads_ ? EPOLLIN : 0U);
            return true;
        case SSL_ERROR_WANT_WRITE:
            watch(EPOLLOUT | EPOLLIN);
            return true;
        default:
            return false;
    }
}

void Client::watch(std::uint32_t events) {
    if (events == watched_) return;
    watched_ = events;
    poller_.change(fd_, events, this);
}

void Client::stop_reading() {
    reads_ = false;
    watch(0);
}

void Client::read() {
    for (;;) {
        int got = 0;
        bool more = false;
        if (ssl_) {
            ERR_clear_error();
            got = SSL_read(ssl_.get(), scratch, sizeof scratch);
            if (got <= 0) {
                if (!must_wait(got)) end("the server closed");
                return;
            }
            more = SSL_has_pending(ssl_.get()) == 1;
        } else {
            got = static_cast<int>(::recv(fd_, scratch, sizeof scratch, 0));
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (got <= 0) return end("the server closed");
        }
        take({scratch, static_cast<std::size_t>(got)});
        if (!more || state_ == State::ended || !reads_) return;
    }
}

void Client::take(std::string_view bytes) {
    if (state_ == State::open && rest_.empty()) return take_frames(bytes);
    rest_.append(bytes);
    if (state_ == State::upgrading) {
        const auto head_end = rest_.find("\r\n\r\n");
        if (head_end == std::string::npos) {
            if (rest_.size() > head_bytes) end("the answer to the upgrade has no end");
            return;
        }
        if (!rest_.starts_with("HTTP/1.1 101 "))
            return end("no WebSocket: " + rest_.substr(0, rest_.find('\r')));
        rest_.erase(0, head_end + 4);
        state_ = State::open;
        target_ = nullptr;
        handler_.on_open(*this);
        if (state_ == State::ended) return;
    }
    std::string whole;
    whole.swap(rest_);
    take_frames(whole);
}

void Client::take_frames(std::string_view bytes) {
    while (bytes.size() >= 2 && state_ == State::open) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
        std::size_t head = 2;
        std::size_t length = byte(1) & 0x7F;
        if (length >= 126) {
            const std::size_t length_bytes = length == 126 ? 2 : 8;
            head += length_bytes;
            if (bytes.size() < head) break;
            length = 0;
            for (std::size_t i = 0; i < length_bytes; ++i) length = (length << 8) | byte(2 + i);
        }
        if (bytes.size() < head + length) break;
        auto payload = bytes.substr(head, length);
        const unsigned char opcode = byte(0) & 0x0F;
        frame_bytes_ += head + length;
        if ((byte(0) & compressed_bit) != 0) {
            const auto inflated = inflater().inflate(payload, read_bytes);
            if (!inflated) return end(inflated.error().detail);
            payload = *inflated;
        }
        bytes.remove_prefix(head + length);
        if (opcode == 8)
            return end("closed by the server: " + std::string(payload.substr(payload.size() < 2 ? 0 : 2)));
        if (opcode == 9) answer_ping(payload);
        if (opcode <= 2) handler_.on_text(*this, payload);
    }
    if (!bytes.empty() && state_ == State::open) rest_.assign(bytes);
}

void Client::answer_ping(std::string_view payload) {
    frame(10, payload);
    flush();
}

void Client::frame(unsigned char opcode, std::string_view payload) {
    sending_.push_back(static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
        sending_.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
        sending_.push_back(static_cast<char>(0x80 | 126));
        sending_.push_back(static_cast<char>(payload.size() >> 8));
        sending_.push_back(static_cast<char>(payload.size() & 0xFF));
    }
    sending_.append(reinterpret_cast<const char*>(mask), sizeof mask);
    for (std::size_t i = 0; i < payload.size(); ++i)
        sending_.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i & 3]));
}

void Client::queue(std::string_view text) {
    if (state_ == State::open) frame(1, text);
}

void Client::flush() {
    while (!sending_.empty() && state_ != State::ended) {
        std::ptrdiff_t sent = 0;
        if (ssl_) {
            ERR_clear_error();
            sent = SSL_write(ssl_.get(), sending_.data(), static_cast<int>(sending_.size()));
            if (sent <= 0) {
                if (!must_wait(static_cast<int>(sent))) end("the socket failed");
                return;
            }
        } else {
            sent = ::send(fd_, sending_.data(), sending_.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) return watch(EPOLLIN | EPOLLOUT);
            if (sent < 0) return end("the socket failed");
        }
        sending_.erase(0, static_cast<std::size_t>(sent));
    }
    if (state_ != State::ended) watch(reads_ ? EPOLLIN : 0U);
}

void Client::close() {
    state_ = State::ended;
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    ssl_.reset();
}

void Client::end(std::string_view why) {
    if (state_ == State::ended) return;
    close();
    handler_.on_ended(*this, why);
}

}  // namespace roomcast::bench
