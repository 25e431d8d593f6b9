#include <utility>
#include <vector>

#include "shared/channel/kafka/admin.hpp"
#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::size_t topics_by_slot = 2;  // the first ones: rooms and accounts

/// Compaction works on closed segments only, so these are kept small and young: what has to be read at a
/// start stays near what is alive.
std::vector<TopicSpec> base_topics(const KafkaConfig& config) {
    const auto in_sync = std::to_string(config.min_insync_replicas);
    const auto by_slot = [&](Table table) {
        return TopicSpec{
            .name = table_topic(config.topic_prefix, table),
            .partitions = slot_count,
            .replication_factor = config.replication_factor,
            .settings = {{"cleanup.policy", "compact"},
                         {"min.insync.replicas", in_sync},
                         {"segment.bytes", "16777216"},
                         {"segment.ms", "86400000"},
                         {"min.cleanable.dirty.ratio", "0.2"}},
        };
    };
    const TopicSpec tokens = {
        .name = table_topic(config.topic_prefix, Table::tokens),
        .partitions = 1,
        .replication_factor = config.replication_factor,
        .settings = {{"cleanup.policy", "compact,delete"},
                     {"retention.ms", std::to_string(limits::token_log_retention_ms)},
                     {"min.insync.replicas", in_sync},
                     {"segment.bytes", "4194304"},
                     {"segment.ms", "3600000"},
                     {"delete.retention.ms", "3600000"},
                     {"min.cleanable.dirty.ratio", "0.2"}},
    };
    const TopicSpec members = {
        .name = members_topic(config.topic_prefix),
        .partitions = 1,
        .replication_factor = config.replication_factor,
        .settings = {{"cleanup.policy", "compact"},
                     {"min.insync.replicas", in_sync},
                     {"segment.bytes", "1048576"},
                     {"segment.ms", "600000"},
                     {"delete.retention.ms", "60000"},
                     {"min.cleanable.dirty.ratio", "0.1"}},
    };
    const TopicSpec wake = {
        .name = wake_topic(config.topic_prefix),
        .partitions = wake_partitions,
        .replication_factor = 1,  // its records are worth nothing
        .settings = {{"cleanup.policy", "delete"},
                     {"retention.ms", "60000"},
                     {"segment.bytes", "1048576"},
                     {"segment.ms", "600000"}},
    };
    TopicSpec doorbell = wake;
    doorbell.name = doorbell_topic(config.topic_prefix);
    doorbell.partitions = 1;
    doorbell.replication_factor =
        config.replication_factor;  // without it messages to sleeping rooms are late
    return {by_slot(Table::rooms), by_slot(Table::accounts), tokens, members, wake, std::move(doorbell)};
}

/// Goes through the topics one after the other.
class Ensuring : public std::enable_shared_from_this<Ensuring> {
public:
    Ensuring(KafkaLogAdmin& admin, std::chrono::milliseconds limit, Callback<void> done)
        : admin_(admin),
          topics_(base_topics(admin.config())),
          deadline_(Clock::now() + limit),
          done_(std::move(done)) {}

    void next() {
        if (at_ == topics_.size()) {
            at_ = 0;
            return check_partitions();
        }
        admin_.ensure_topic(topics_[at_], left(), [self = shared_from_this()](const Result<void>& made) {
            if (!made) return self->done_(made);
            ++self->at_;
            self->next();
        });
    }

private:
    [[nodiscard]] std::chrono::milliseconds left() const {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        return std::max(left, std::chrono::milliseconds(1));
    }

    /// Those by slot must have one for each, or names would be looked for in the wrong place.
    void check_partitions() {
        if (at_ == topics_by_slot) return done_({});
        const auto& topic = topics_[at_];
        // A broker that has not heard of a topic yet may be asked after one that has.
        admin_.describe(topic.name, left(), [self = shared_from_this()](const Result<TopicInfo>& info) {
            const auto& asked = self->topics_[self->at_];
            if (!info) return self->done_(info.error());
            const auto partitions = static_cast<int>(info->leaders.size());
            if (partitions != asked.partitions) return self->done_(wrong_partitions(asked, partitions));
            ++self->at_;
            self->check_partitions();
        });
    }

    [[nodiscard]] static Error wrong_partitions(const TopicSpec& topic, int partitions) {
        return {Errc::internal, "topic " + topic.name + " has " + std::to_string(partitions) +
                                    " partitions and must have " + std::to_string(topic.partitions) +
                                    " (one for each slot)"};
    }

    KafkaLogAdmin& admin_;
    std::vector<TopicSpec> topics_;
    Clock::time_point deadline_;
    Callback<void> done_;
    std::size_t at_ = 0;
};

}  // namespace

void ensure_topics(KafkaLogAdmin& admin, std::chrono::milliseconds limit, Callback<void> done) {
    std::make_shared<Ensuring>(admin, limit, std::move(done))->next();
}

}  // namespace roomcast::channel::kafka
