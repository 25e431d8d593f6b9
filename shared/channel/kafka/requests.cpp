#include "shared/channel/kafka/requests.hpp"

#include <algorithm>
#include <array>

namespace roomcast::channel::kafka {
namespace {

TopicInfo info_of(rd_kafka_event_t* event) {
    std::size_t count = 0;
    const auto* const* topics =
        rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
    TopicInfo info;
    if (count != 1) return {RD_KAFKA_RESP_ERR__BAD_MSG, {}};
    if (const auto* error = rd_kafka_TopicDescription_error(topics[0])) {
        info.error = rd_kafka_error_code(error);
        if (info.error != RD_KAFKA_RESP_ERR_NO_ERROR) return info;
    }
    std::size_t partitions = 0;
    const auto* const* list = rd_kafka_TopicDescription_partitions(topics[0], &partitions);
    info.leaders.assign(partitions, -1);
    for (std::size_t i = 0; i < partitions; ++i) {
        const auto number = static_cast<std::size_t>(rd_kafka_TopicPartitionInfo_partition(list[i]));
        const auto* leader = rd_kafka_TopicPartitionInfo_leader(list[i]);
        if (number < partitions && leader != nullptr) info.leaders[number] = rd_kafka_Node_id(leader);
    }
    return info;
}

/// librdkafka (2.8) leaves the offset out, without an error, where a broker did not answer in time.
rd_kafka_resp_err_t error_of(const rd_kafka_topic_partition_t& answer) {
    const bool missing = answer.err == RD_KAFKA_RESP_ERR_NO_ERROR && answer.offset == RD_KAFKA_OFFSET_INVALID;
    return missing ? RD_KAFKA_RESP_ERR__TIMED_OUT : answer.err;
}

rd_kafka_resp_err_t topic_error(const rd_kafka_topic_result_t* const* results, std::size_t count) {
    return count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
}

}  // namespace

bool TopicInfo::ready() const {
    return error == RD_KAFKA_RESP_ERR_NO_ERROR && !leaders.empty() &&
           std::ranges::all_of(leaders, [](std::int32_t leader) { return leader >= 0; });
}

AdminOptionsPtr Requests::options(rd_kafka_admin_op_t kind, int timeout_ms, Handler handler) {
    AdminOptionsPtr made(rd_kafka_AdminOptions_new(instance_->client(), kind));
    std::array<char, 128> why{};
    rd_kafka_AdminOptions_set_request_timeout(made.get(), std::max(timeout_ms, 1), why.data(), why.size());
    if (kind == RD_KAFKA_ADMIN_OP_CREATETOPICS || kind == RD_KAFKA_ADMIN_OP_DELETETOPICS) {
        rd_kafka_AdminOptions_set_operation_timeout(made.get(), std::max(timeout_ms, 1), why.data(),
                                                    why.size());
    }
    const auto id = ++last_;
    waiting_.emplace(id, std::move(handler));
    rd_kafka_AdminOptions_set_opaque(made.get(), reinterpret_cast<void*>(id));
    return made;
}

void Requests::create_topic(const TopicSpec& spec, int timeout_ms,
                            std::function<void(rd_kafka_resp_err_t)> done) {
    std::array<char, 256> why{};
    const NewTopicPtr topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication_factor,
                                                  why.data(), why.size()));
    for (const auto& [name, value] : spec.settings) {
        rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    }
    const auto asked =
        options(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms, [done = std::move(done)](auto* event) {
            if (const auto error = rd_kafka_event_error(event)) return done(error);
            std::size_t count = 0;
            const auto* const* results =
                rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
            done(topic_error(results, count));
        });
    rd_kafka_NewTopic_t* one = topic.get();
    rd_kafka_CreateTopics(instance_->client(), &one, 1, asked.get(), instance_->queue());
}

void Requests::delete_topic(const std::string& name, int timeout_ms,
                            std::function<void(rd_kafka_resp_err_t)> done) {
    const DeleteTopicPtr topic(rd_kafka_DeleteTopic_new(name.c_str()));
    const auto asked =
        options(RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms, [done = std::move(done)](auto* event) {
            if (const auto error = rd_kafka_event_error(event)) return done(error);
            std::size_t count = 0;
            const auto* const* results =
                rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
            done(topic_error(results, count));
        });
    rd_kafka_DeleteTopic_t* one = topic.get();
    rd_kafka_DeleteTopics(instance_->client(), &one, 1, asked.get(), instance_->queue());
}

void Requests::set_config(const std::string& topic, const std::string& name, const std::string& value,
                          int timeout_ms, std::function<void(rd_kafka_resp_err_t)> done) {
    const ConfigResourcePtr resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
    const ErrorPtr refused(rd_kafka_ConfigResource_add_incremental_config(
        resource.get(), name.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.c_str()));
    const auto asked =
        options(RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, timeout_ms, [done = std::move(done)](auto* event) {
            if (const auto error = rd_kafka_event_error(event)) return done(error);
            std::size_t count = 0;
            const auto* const* results = rd_kafka_IncrementalAlterConfigs_result_resources(
                rd_kafka_event_IncrementalAlterConfigs_result(event), &count);
            done(count == 1 ? rd_kafka_ConfigResource_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG);
        });
    rd_kafka_ConfigResource_t* one = resource.get();
    rd_kafka_IncrementalAlterConfigs(instance_->client(), &one, 1, asked.get(), instance_->queue());
}

void Requests::describe(const std::string& name, int timeout_ms, Answer<TopicInfo> done) {
    const char* one = name.c_str();
    const TopicCollectionPtr topics(rd_kafka_TopicCollection_of_topic_names(&one, 1));
    const auto asked =
        options(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout_ms, [done = std::move(done)](auto* event) {
            if (const auto error = rd_kafka_event_error(event)) return done(error, {});
            auto info = info_of(event);
            const auto code = info.error;  // before it is moved from
            done(code, std::move(info));
        });
    rd_kafka_DescribeTopics(instance_->client(), topics.get(), asked.get(), instance_->queue());
}

void Requests::list_offset(const std::string& name, std::int32_t partition, std::int64_t spec, int timeout_ms,
                           Answer<std::int64_t> done) {
    const PartitionsPtr list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), name.c_str(), partition)->offset = spec;
    list_offsets(*list, timeout_ms,
                 [this, name, timeout_ms, done = std::move(done)](rd_kafka_resp_err_t error,
                                                                  const std::vector<LogEnd>& answers) {
                     if (error == RD_KAFKA_RESP_ERR__NOENT) return tell_why_no_leader(name, timeout_ms, done);
                     if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return done(error, 0);
                     if (answers.size() != 1) return done(RD_KAFKA_RESP_ERR__BAD_MSG, 0);
                     done(answers.front().error, answers.front().offset);
                 });
}

void Requests::list_ends(const std::vector<LogEnd>& wanted, int timeout_ms,
                         Answer<std::vector<LogEnd>> done) {
    const PartitionsPtr list(rd_kafka_topic_partition_list_new(static_cast<int>(wanted.size())));
    for (const auto& each : wanted)
        rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
            RD_KAFKA_OFFSET_SPEC_LATEST;
    list_offsets(*list, timeout_ms, std::move(done));
}

void Requests::list_offsets(rd_kafka_topic_partition_list_t& wanted, int timeout_ms,
                            Answer<std::vector<LogEnd>> done) {
    const auto asked =
        options(RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout_ms, [done = std::move(done)](auto* event) {
            if (const auto error = rd_kafka_event_error(event)) return done(error, {});
            std::size_t count = 0;
            const auto* const* infos =
                rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &count);
            std::vector<LogEnd> ends;
            ends.reserve(count);
            for (std::size_t i = 0; i < count; ++i) {
                const auto* answer = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
                ends.push_back({answer->topic, answer->partition, error_of(*answer), answer->offset});
            }
            done(RD_KAFKA_RESP_ERR_NO_ERROR, std::move(ends));
        });
    rd_kafka_ListOffsets(instance_->client(), &wanted, asked.get(), instance_->queue());
}

void Requests::tell_why_no_leader(const std::string& name, int timeout_ms, const Answer<std::int64_t>& done) {
    describe(name, timeout_ms, [done](rd_kafka_resp_err_t code, const TopicInfo&) {
        done(code == RD_KAFKA_RESP_ERR_NO_ERROR ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : code, 0);
    });
}

bool Requests::take(rd_kafka_event_t* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
        case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
        case RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT:
        case RD_KAFKA_EVENT_INCREMENTALALTERCONFIGS_RESULT:
        case RD_KAFKA_EVENT_LISTOFFSETS_RESULT:
            break;
        default:
            return false;
    }
    auto answered = waiting_.extract(reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event)));
    if (!answered.empty()) answered.mapped()(event);
    return true;
}

}  // namespace roomcast::channel::kafka
