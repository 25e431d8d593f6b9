#pragma once

#include "shared/channel/kafka/compacted_topic.hpp"

namespace roomcast::channel::kafka {

/// A table: slot s is partition s of its topic. Threads, errors and limits are CompactedTopic's.
/// Followings may outlive it and are then silent.
class KafkaTableLog : public TableLog {
public:
    KafkaTableLog(boost::asio::io_context& io, const KafkaConfig& config, Table table);

    void append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) override;
    [[nodiscard]] std::unique_ptr<Following> follow(Slot slot, TableSink& sink) override;

private:
    CompactedTopic topic_;
};

}  // namespace roomcast::channel::kafka
