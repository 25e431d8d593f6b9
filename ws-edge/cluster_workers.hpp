#pragma once

#include <map>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/members.hpp"
#include "shared/ops/log.hpp"
#include "shared/wire/member_record.hpp"
#include "ws-edge/link_client.hpp"
#include "ws-edge/workers.hpp"

namespace roomcast::edge {

/// The cluster's workers: found in the members topic, linked with, and chosen between.
///
/// Lives on the core's thread. A slot is asked of its owner; when the owner's link is down, of the next
/// worker in rendezvous order, at once. Workers whose announcement is older than limits::member_forget_ms are
/// let go.
class ClusterWorkers final : public Workers, public LinkClientListener, public channel::MembersSink {
public:
    ClusterWorkers(net::Loop& loop, channel::MembersLog& members, std::shared_ptr<const net::TlsContext> tls,
                   NodeId self, WorkersListener& listener, ops::Log& log);
    ~ClusterWorkers() override;

    [[nodiscard]] std::optional<NodeId> route(Slot slot) const override;
    void send(const NodeId& worker, link::Request request) override;
    [[nodiscard]] bool any() const override;
    [[nodiscard]] std::size_t links_up() const;

private:
    struct Worker {
        wire::MemberRecord record;
        std::chrono::steady_clock::time_point heard;
        std::unique_ptr<LinkClient> link;
        bool draining = false;
        [[nodiscard]] bool usable() const { return link && link->up() && !draining; }
    };

    void on_member(const NodeId& node, std::string_view value) override;
    void on_link_up(LinkClient& link) override;
    void on_link_down(LinkClient& link, std::string_view why) override;
    void on_link_event(LinkClient& link, link::Event event) override;
    void routes_changed();
    void sweep();

    net::Loop& loop_;
    std::shared_ptr<const net::TlsContext> tls_;
    NodeId self_;
    WorkersListener& listener_;
    ops::Log& log_;
    std::map<NodeId, Worker> workers_;
    std::unique_ptr<channel::Following> following_;
    boost::asio::steady_timer sweep_timer_;
    bool change_scheduled_ = false;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::edge
