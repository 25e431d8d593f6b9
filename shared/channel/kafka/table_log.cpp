#include "shared/channel/kafka/table_log.hpp"

#include <utility>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

class SlotFollowing final : public Following, private CompactedTopic::Sink {
public:
    SlotFollowing(CompactedTopic& topic, Slot slot, TableSink& sink)
        : slot_(slot), sink_(sink), following_(topic.follow(slot.value, *this)) {}

private:
    void on_record(Seq seq, std::string_view key, std::optional<std::string_view> value) override {
        sink_.on_table_record({slot_, seq, key, value});
    }
    void on_current() override { sink_.on_slot_current(slot_); }

    Slot slot_;
    TableSink& sink_;
    std::unique_ptr<Following> following_;
};

}  // namespace

KafkaTableLog::KafkaTableLog(boost::asio::io_context& io, const KafkaConfig& config, Table table)
    : topic_(io, config, table_topic(config.topic_prefix, table)) {}

void KafkaTableLog::append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) {
    topic_.append(slot.value, key, value, std::move(done));
}

std::unique_ptr<Following> KafkaTableLog::follow(Slot slot, TableSink& sink) {
    return std::make_unique<SlotFollowing>(topic_, slot, sink);
}

}  // namespace roomcast::channel::kafka
