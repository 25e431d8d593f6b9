#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/instance.hpp"
#include "shared/channel/members.hpp"

namespace roomcast::channel::kafka {

/// Membership in the consumer group on the rooms topic: owning partition p is owning slot p. Nothing is
/// fetched by it.
///
/// Owned by the worker, on its io_context's thread, whose turning is the proof of life: a loop that stands
/// still for max(session timeout, 10 s), like a process that is gone for the session timeout, loses its slots
/// to the others. Destroying it leaves the group in the background.
class KafkaGroupMembership : public GroupMembership {
public:
    KafkaGroupMembership(boost::asio::io_context& io, const KafkaConfig& config, OwnershipSink& sink);
    ~KafkaGroupMembership() override;

    void leave(std::function<void()> done) override;

private:
    void on_events(Instance::Batch batch);
    void on_rebalance(rd_kafka_event_t* event);
    void tell();
    void prove_life();
    void look_whether_closed();

    OwnershipSink& sink_;
    std::shared_ptr<Instance> instance_;
    boost::asio::steady_timer timer_;
    std::set<Slot> slots_;
    std::function<void()> left_;
    bool leaving_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
