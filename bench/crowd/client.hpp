#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "bench/crowd/poller.hpp"

namespace roomcast::bench {

/// One of thousands: a WebSocket over TLS (or TCP) that costs its machine as little as can be, because it
/// shares the cores with the server that it measures. One `recv` for all that has come, frames read where
/// they lie, no timer and no allocation for a message.
///
/// Owned by a run, on its thread. Ends with `on_ended`, once.
class Client {
public:
    enum class State : std::uint8_t { fresh, connecting, shaking, upgrading, open, ended };
    class Handler {
    public:
        virtual void on_shaken(Client&) {}  // TLS stands
        virtual void on_open(Client&) {}    // upgraded
        virtual void on_text(Client& client, std::string_view text) = 0;
        virtual void on_ended(Client& client, std::string_view why) = 0;

    protected:
        ~Handler() = default;
    };
    struct Target {
        sockaddr_in address{};
        SSL_CTX* tls = nullptr;  // null: plain TCP
        std::string host;
        std::string request;  // the upgrade, whole; empty: TLS is all that is wanted
    };

    Client(Poller& poller, Handler& handler, std::size_t number)
        : poller_(poller), handler_(handler), number_(number) {}
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// `target` is used until it is open. `receive_bytes`: the socket's buffer, 0 for the system's own.
    void start(const Target& target, int receive_bytes = 0);
    /// Puts a text frame behind what is to be sent; `flush` sends.
    void queue(std::string_view text);
    void flush();
    /// From now on nothing is read: a slow reader.
    void stop_reading();
    void on_ready(std::uint32_t events);
    void close();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::size_t number() const { return number_; }
    /// Of all frames that came, with their heads.
    [[nodiscard]] std::uint64_t frame_bytes() const { return frame_bytes_; }

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    void connected();
    void shake();
    void upgrade();
    void read();
    void take(std::string_view bytes);
    void take_frames(std::string_view bytes);
    void answer_ping(std::string_view payload);
    void frame(unsigned char opcode, std::string_view payload);
    void watch(std::uint32_t events);
    void end(std::string_view why);
    [[nodiscard]] bool must_wait(int result);

    Poller& poller_;
    Handler& handler_;
    std::unique_ptr<SSL, Free> ssl_;
    const Target* target_ = nullptr;
    std::string rest_;     // the beginning of what has not come whole
    std::string sending_;  // not yet taken by the socket
    std::size_t number_;
    std::uint64_t frame_bytes_ = 0;
    std::uint32_t watched_ = 0;
    int fd_ = -1;
    State state_ = State::fresh;
    bool reads_ = true;
};

}  // namespace roomcast::bench
