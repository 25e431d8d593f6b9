#pragma once

#include "shared/channel/kafka/compacted_topic.hpp"
#include "shared/channel/members.hpp"

namespace roomcast::channel::kafka {

/// Announcements: one key for each node in the single partition of `<prefix>.members`; taking one back is a
/// tombstone. Threads, errors and limits are CompactedTopic's.
class KafkaMembersLog : public MembersLog {
public:
    KafkaMembersLog(boost::asio::io_context& io, const KafkaConfig& config);

    void announce(const NodeId& node, std::string value, Callback<void> done) override;
    [[nodiscard]] std::unique_ptr<Following> follow(MembersSink& sink) override;

private:
    CompactedTopic topic_;
};

}  // namespace roomcast::channel::kafka
