#include <utility>
#include <vector>

#include "shared/channel/kafka/admin.hpp"
#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

/// Compaction works on closed segments only, so these are kept small and young: what has to be read at a
/// start stays near what is alive.
std::vector<TopicSpec> base_topics(const KafkaConfig& config) {
    const auto in_sync = std::to_string(config.min_insync_replicas);
    const TopicSpec rooms = {
        .name = rooms_topic(config.topic_prefix),
        .partitions = slot_count,
        .replication_factor = config.replication_factor,
        .settings = {{"cleanup.policy", "compact"},
                     {"min.insync.replicas", in_sync},
                     {"segment.bytes", "16777216"},
                     {"segment.ms", "86400000"},
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
    return {rooms, members, wake};
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
        if (at_ == topics_.size()) return check_partitions();
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

    void check_partitions() {
        const auto& rooms = topics_.front();
        admin_.requests()->describe(
            rooms.name, static_cast<int>(left().count()),
            [self = shared_from_this()](rd_kafka_resp_err_t code, const TopicInfo& info) {
                const auto& topic = self->topics_.front();
                if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return self->done_(error_from(code, topic.name));
                if (std::cmp_equal(info.leaders.size(), topic.partitions)) return self->done_({});
                self->done_(Error{Errc::internal,
                                  "topic " + topic.name + " has " + std::to_string(info.leaders.size()) +
                                      " partitions and must have " + std::to_string(topic.partitions) +
                                      " (one for each slot)"});
            });
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
