#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/dialer.hpp"
#include "bench/url.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/websocket.hpp"

namespace roomcast::bench {

/// One WebSocket to any server: dials, upgrades, answers pings, hands on text frames.
///
/// Owned by its handler, on the loop's thread; must not be destroyed from within a call to the handler. Ends
/// with `on_down`, once, or silently when it is destroyed.
class WsClient final : net::ConnectionHandler, net::ws::MessageSink {
public:
    class Handler {
    public:
        virtual void on_open() = 0;
        virtual void on_text(std::string_view frame) = 0;
        /// `why` is for people.
        virtual void on_down(std::string_view why) = 0;

    protected:
        ~Handler() = default;
    };

    WsClient(net::Loop& loop, const net::TlsContext& tls, Handler& handler);

    /// Once only. `token` may be empty.
    void open(const Url& url, std::string_view token);
    /// Ignored while it is not open.
    void send(std::string_view text);

private:
    void on_ready() override;
    void on_bytes(std::span<char> bytes) override;
    void on_ended(std::string_view why) override;
    bool on_message(net::ws::Opcode kind, std::string_view payload) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override;

    void take_head(std::span<char> bytes);
    void feed(std::span<char> bytes);
    void down(std::string_view why);

    static constexpr std::size_t frame_bytes = 16UL * 1024 * 1024;
    static constexpr std::size_t head_bytes = 16UL * 1024;

    Handler& handler_;
    Dialer dialer_;
    net::ws::Decoder decoder_{net::Role::client, frame_bytes};
    std::string key_;
    std::string request_;
    std::string head_;
    bool open_ = false;
    bool down_ = false;
};

}  // namespace roomcast::bench
