#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka {

struct TopicInfo {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::vector<std::int32_t> leaders;  // by partition; -1: none now
    [[nodiscard]] bool ready() const;   // exists, and every partition has a leader
};

struct TopicSpec {
    std::string name;
    int partitions = 1;
    int replication_factor = 1;
    std::vector<std::pair<std::string, std::string>> settings;
};

/// Questions to the cluster, each answered once, later, with librdkafka's error code; never blocks.
///
/// Sends through any Instance, whose owner passes it that instance's events. Owned by one object, on its
/// thread; what is unanswered when it is destroyed is dropped. No retries here: `retry.hpp` has those.
class Requests {
public:
    template <class T>
    using Answer = std::function<void(rd_kafka_resp_err_t, T)>;

    explicit Requests(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

    void create_topic(const TopicSpec& spec, int timeout_ms, std::function<void(rd_kafka_resp_err_t)> done);
    void delete_topic(const std::string& name, int timeout_ms, std::function<void(rd_kafka_resp_err_t)> done);
    /// Changes one setting of a topic and leaves the others (brokers from 2.3 on).
    void set_config(const std::string& topic, const std::string& name, const std::string& value,
                    int timeout_ms, std::function<void(rd_kafka_resp_err_t)> done);
    void describe(const std::string& name, int timeout_ms, Answer<TopicInfo> done);
    /// `spec` is a time in ms, RD_KAFKA_OFFSET_SPEC_EARLIEST or RD_KAFKA_OFFSET_SPEC_LATEST.
    void list_offset(const std::string& name, std::int32_t partition, std::int64_t spec, int timeout_ms,
                     Answer<std::int64_t> done);

    struct LogEnd {
        std::string topic;
        std::int32_t partition = 0;
        rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
        std::int64_t offset = 0;
    };
    /// The ends of many partitions, of which topic and number are given. Fails as a whole where none
    /// of them has a leader (RD_KAFKA_RESP_ERR__NOENT); librdkafka's time grows with the square of their
    /// number.
    void list_ends(const std::vector<LogEnd>& wanted, int timeout_ms, Answer<std::vector<LogEnd>> done);

    /// Whether the event was an answer to one of these.
    bool take(rd_kafka_event_t* event);

private:
    void list_offsets(rd_kafka_topic_partition_list_t& wanted, int timeout_ms,
                      Answer<std::vector<LogEnd>> done);
    /// librdkafka finds no leader: is there no topic, or just no leader now?
    void tell_why_no_leader(const std::string& name, int timeout_ms, const Answer<std::int64_t>& done);

    using Handler = std::function<void(rd_kafka_event_t*)>;
    [[nodiscard]] AdminOptionsPtr options(rd_kafka_admin_op_t kind, int timeout_ms, Handler handler);

    std::shared_ptr<Instance> instance_;
    std::unordered_map<std::uintptr_t, Handler> waiting_;
    std::uintptr_t last_ = 0;
};

}  // namespace roomcast::channel::kafka
