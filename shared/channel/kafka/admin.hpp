#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/requests.hpp"

namespace roomcast::channel::kafka {

/// Makes, changes and removes topics, over a librdkafka instance of its own.
///
/// Owned by its user, on the io_context's thread. A creation answers when the topic has a leader, so that an
/// append or a tail works at once. Fails with `unavailable` at the deadline.
class KafkaLogAdmin : public LogAdmin {
public:
    KafkaLogAdmin(boost::asio::io_context& io, const KafkaConfig& config);
    ~KafkaLogAdmin() override;

    void create(const LogId& log, LogOptions options, Callback<void> done) override;
    void configure(const LogId& log, LogOptions options, Callback<void> done) override;
    void remove(const LogId& log, Callback<void> done) override;

    /// Makes a topic that is missing, and answers when it has leaders. Says nothing about one that is there
    /// already.
    void ensure_topic(const TopicSpec& spec, std::chrono::milliseconds limit, Callback<void> done);
    /// What a topic that is there is like, once it has leaders, also where a broker has not heard of it yet.
    void describe(const std::string& topic, std::chrono::milliseconds limit, Callback<TopicInfo> done);
    [[nodiscard]] const KafkaConfig& config() const { return config_; }

private:
    [[nodiscard]] std::string retention_of(const LogOptions& options) const;
    void wait_for_leaders(const std::string& topic, std::chrono::milliseconds limit, Callback<void> done);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    std::shared_ptr<Instance> instance_;
    std::shared_ptr<Requests> requests_;
};

/// Makes the tables, `members`, `wake` and `doorbell` where they are missing; waits for brokers up to the
/// limit. Fails with a sentence for the operator, such as of a rooms topic whose partitions are not
/// `slot_count`. The admin must outlive it.
void ensure_topics(KafkaLogAdmin& admin, std::chrono::milliseconds limit, Callback<void> done);

}  // namespace roomcast::channel::kafka
