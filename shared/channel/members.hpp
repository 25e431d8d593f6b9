#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/channel/channel.hpp"

/// How the nodes of a cluster find each other. Only a cluster has these; local mode is a cluster of itself.
/// Threads: as in channel.hpp.
namespace roomcast::channel {

/// Hears which slots this worker owns: the whole list each time it changes. Owning is a matter of saving
/// work, never of correctness: two workers may own a slot for a while, or none.
class OwnershipSink {
public:
    virtual void on_slots_owned(const std::vector<Slot>& slots) = 0;

protected:
    ~OwnershipSink() = default;
};

/// This worker's membership in the workers' group. Destroying it (or `leave`) hands the slots to the others
/// at once.
class GroupMembership {
public:
    virtual ~GroupMembership() = default;
    /// Leaves the group; `done` is called when the others can take over.
    virtual void leave(std::function<void()> done) = 0;
};

/// Hears the announcements of `roomcast.members`: the last value of each node's key, from the topic's start.
/// An empty value: the node took its announcement back.
class MembersSink {
public:
    virtual void on_member(const NodeId& node, std::string_view value) = 0;

protected:
    ~MembersSink() = default;
};

/// The compacted members topic.
class MembersLog {
public:
    virtual ~MembersLog() = default;
    /// Announces this node (or, with an empty value, takes a node's announcement back).
    virtual void announce(const NodeId& node, std::string value, Callback<void> done) = 0;
    [[nodiscard]] virtual std::unique_ptr<Following> follow(MembersSink& sink) = 0;
};

}  // namespace roomcast::channel
