#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "consumer/peer.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/http.hpp"
#include "shared/net/websocket.hpp"
#include "shared/wire/link_codec.hpp"

namespace roomcast::consumer {

class LinkServer;

/// One edge's link, from the worker's side. Owned by LinkServer, lives on the consumer's thread.
class LinkPeer final : public net::ConnectionHandler, public net::ws::MessageSink, public Peer {
public:
    LinkPeer(LinkServer& server, std::uint64_t number, net::Stream stream);
    ~LinkPeer();
    LinkPeer(const LinkPeer&) = delete;
    LinkPeer& operator=(const LinkPeer&) = delete;

    void start() { connection_->start(); }
    void tick(std::chrono::steady_clock::time_point now);

    void send(link::Event event) override;
    void deliver(link::SubId sub, std::span<const link::Entry> entries) override;
    [[nodiscard]] std::size_t owed_bytes() const override {
        return connection_->owed_bytes() + batch_.bytes();
    }

private:
    void on_bytes(std::span<char> bytes) override;
    void on_ended(std::string_view why) override;
    bool on_message(net::ws::Opcode kind, std::string_view payload) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view) override { return true; }
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override;
    void upgrade(const net::http::Request& request);
    void flush_batch();
    void put(std::string_view payload);

    LinkServer& server_;
    std::uint64_t number_;
    std::shared_ptr<net::Connection> connection_;
    std::unique_ptr<net::http::RequestReader> http_;
    std::unique_ptr<net::ws::Decoder> decoder_;
    std::optional<PeerId> id_;
    std::string edge_;
    link::MessagesEncoder batch_;
    bool flush_scheduled_ = false;
    std::chrono::steady_clock::time_point heard_;
    std::uint64_t heard_bytes_ = 0;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
