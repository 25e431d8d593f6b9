#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "consumer/service.hpp"
#include "ws-edge/workers.hpp"

namespace roomcast::edge {

/// Local mode: the one worker is this process. The same requests and events as over a link, handed over on
/// the loop.
///
/// Lives on the core's thread, which is the consumer's too.
class LocalWorkers final : public Workers, public consumer::Peer {
public:
    LocalWorkers(boost::asio::io_context& io, consumer::Service& service, WorkersListener& listener);
    ~LocalWorkers() override;

    [[nodiscard]] std::optional<NodeId> route(Slot slot) const override;
    void send(const NodeId& worker, link::Request request) override;
    [[nodiscard]] bool any() const override { return true; }

private:
    void send(link::Event event) override;
    void deliver(link::SubId sub, std::span<const link::Entry> entries) override;
    [[nodiscard]] std::size_t owed_bytes() const override { return 0; }
    void schedule();

    boost::asio::io_context& io_;
    consumer::Service& service_;
    WorkersListener& listener_;
    NodeId name_ = NodeId::trusted("local");
    consumer::PeerId peer_;
    std::vector<link::Request> requests_;
    std::vector<link::Event> events_;
    bool scheduled_ = false;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::edge
