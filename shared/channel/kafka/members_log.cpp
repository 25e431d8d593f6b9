#include "shared/channel/kafka/members_log.hpp"

#include <utility>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

class MembersFollowing final : public Following, private CompactedTopic::Sink {
public:
    MembersFollowing(CompactedTopic& topic, MembersSink& sink)
        : sink_(sink), following_(topic.follow(0, *this)) {}

private:
    void on_record(Seq /*seq*/, std::string_view key, std::optional<std::string_view> value) override {
        if (const auto node = NodeId::parse(key)) sink_.on_member(*node, value.value_or(std::string_view()));
    }
    void on_current() override {}

    MembersSink& sink_;
    std::unique_ptr<Following> following_;
};

}  // namespace

KafkaMembersLog::KafkaMembersLog(boost::asio::io_context& io, const KafkaConfig& config)
    : topic_(io, config, members_topic(config.topic_prefix)) {}

void KafkaMembersLog::announce(const NodeId& node, std::string value, Callback<void> done) {
    const auto kept = value.empty() ? std::nullopt : std::optional<std::string_view>(value);
    topic_.append(0, node.str(), kept, [done = std::move(done)](const Result<Seq>& outcome) {
        if (outcome) return done({});
        done(outcome.error());
    });
}

std::unique_ptr<Following> KafkaMembersLog::follow(MembersSink& sink) {
    return std::make_unique<MembersFollowing>(topic_, sink);
}

}  // namespace roomcast::channel::kafka
