#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/account_directory.hpp"
#include "shared/channel/members.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/ops/log.hpp"
#include "shared/wire/member_record.hpp"

namespace roomcast::consumer {

/// This worker among the others: announces where its link is and which slots it owns, and keeps the directory
/// of those slots, and of those for which it stands by, ready.
///
/// Lives on the consumer's thread. A worker stands by for a slot when it comes first in rendezvous order
/// among all workers but the owner: the very worker that edges turn to when the owner is gone.
class Membership final : public channel::OwnershipSink, public channel::MembersSink {
public:
    Membership(boost::asio::io_context& io, channel::MembersLog& members, channel::RoomDirectory& directory,
               channel::AccountDirectory& accounts, NodeId self, std::string host, std::uint16_t port,
               ops::Log& log);
    ~Membership();

    void start();
    /// Takes the announcement back; `done` is called when that is written, or has failed.
    void leave(std::function<void()> done);
    [[nodiscard]] std::size_t slots_owned() const { return owned_.size(); }
    [[nodiscard]] bool announced() const { return announced_; }

    void on_slots_owned(const std::vector<Slot>& slots) override;
    void on_member(const NodeId& node, std::string_view value) override;

private:
    void announce();
    void beat();
    void keep_directory();

    channel::MembersLog& members_;
    channel::RoomDirectory& directory_;
    channel::AccountDirectory& accounts_;
    NodeId self_;
    std::string host_;
    std::uint16_t port_;
    ops::Log& log_;
    std::vector<Slot> owned_;
    std::map<NodeId, wire::MemberRecord> others_;
    std::unique_ptr<channel::Following> following_;
    boost::asio::steady_timer timer_;
    bool announced_ = false;
    bool leaving_ = false;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
