#include "bench/kafka_client.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace roomcast::bench::kafka {
namespace {

constexpr int request_ms = 10'000;
constexpr std::string_view user = "bench";

using Queue = std::unique_ptr<rd_kafka_queue_t, Free<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Free<rd_kafka_event_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Free<rd_kafka_NewTopic_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, Free<rd_kafka_DeleteTopic_destroy>>;
using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Free<rd_kafka_topic_partition_list_destroy>>;

void set(rd_kafka_conf_t* conf, const Properties& properties) {
    std::array<char, 512> why{};
    for (const auto& [name, value] : properties)
        if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
            throw std::runtime_error(name + ": " + why.data());
}

Client make(rd_kafka_type_t kind, rd_kafka_conf_t* conf) {
    std::array<char, 512> why{};
    Client client(rd_kafka_new(kind, conf, why.data(), why.size()));
    if (!client) throw std::runtime_error(why.data());
    return client;
}

void check(rd_kafka_resp_err_t code, const std::string& what) {
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(code));
}

void wait_for_leader(rd_kafka_t* client, const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(request_ms);
    const Topic topic(rd_kafka_topic_new(client, name.c_str(), nullptr));
    while (std::chrono::steady_clock::now() < deadline) {
        const rd_kafka_metadata_t* found = nullptr;
        const auto code = rd_kafka_metadata(client, 0, topic.get(), &found, request_ms);
        const bool ready = code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topic_cnt == 1 &&
                           found->topics[0].partition_cnt == 1 && found->topics[0].partitions[0].leader >= 0;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_metadata_destroy(found);
        if (ready) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("no leader for " + name);
}

}  // namespace

Client make_producer(const std::string& brokers, int linger_ms,
                     void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*), void* opaque) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    set(conf, {{"bootstrap.servers", brokers},
               {"enable.idempotence", "true"},
               {"acks", "all"},
               {"linger.ms", std::to_string(linger_ms)},
               {"socket.nagle.disable", "true"}});
    if (delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_opaque(conf, opaque);
    return make(RD_KAFKA_PRODUCER, conf);
}

Client make_consumer(const std::string& brokers, const std::string& topic) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    set(conf, {{"bootstrap.servers", brokers},
               {"group.id", "floor-kafka"},
               {"enable.auto.commit", "false"},
               {"fetch.min.bytes", "1"},
               {"socket.nagle.disable", "true"}});
    Client client = make(RD_KAFKA_CONSUMER, conf);
    rd_kafka_poll_set_consumer(client.get());
    std::int64_t low = 0;
    std::int64_t high = 0;
    check(rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), 0, &low, &high, request_ms),
          "offsets");
    const Partitions partitions(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), 0)->offset = high;
    check(rd_kafka_assign(client.get(), partitions.get()), "assign");
    return client;
}

void make_topics(rd_kafka_t* client, const std::vector<std::string>& names) {
    std::vector<NewTopic> topics;
    std::vector<rd_kafka_NewTopic_t*> plain;
    std::array<char, 512> why{};
    for (const auto& name : names) {
        topics.emplace_back(rd_kafka_NewTopic_new(name.c_str(), 1, 1, why.data(), why.size()));
        if (!topics.back()) throw std::runtime_error(why.data());
        plain.push_back(topics.back().get());
    }
    const Queue queue(rd_kafka_queue_new(client));
    rd_kafka_CreateTopics(client, plain.data(), plain.size(), nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), request_ms));
    if (!event) throw std::runtime_error("the brokers do not answer");
    check(rd_kafka_event_error(event.get()), "create topics");
    for (const auto& name : names) wait_for_leader(client, name);
}

void delete_topics(rd_kafka_t* client, const std::vector<std::string>& names) {
    std::vector<DeleteTopic> topics;
    std::vector<rd_kafka_DeleteTopic_t*> plain;
    for (const auto& name : names) {
        topics.emplace_back(rd_kafka_DeleteTopic_new(name.c_str()));
        plain.push_back(topics.back().get());
    }
    const Queue queue(rd_kafka_queue_new(client));
    rd_kafka_DeleteTopics(client, plain.data(), plain.size(), nullptr, queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), request_ms));
}

bool produce(rd_kafka_t* client, rd_kafka_topic_t* topic, std::string_view key, std::string_view id,
             std::string_view value) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(3);
    const auto add = [headers](const char* name, std::string_view text) {
        rd_kafka_header_add(headers, name, -1, text.data(), static_cast<ssize_t>(text.size()));
    };
    add("id", id);
    add("user", user);
    add("content-type", "application/json");
    const auto code = rd_kafka_producev(client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(0),
                                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                        RD_KAFKA_V_KEY(const_cast<char*>(key.data()), key.size()),
                                        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    rd_kafka_headers_destroy(headers);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
    throw std::runtime_error(std::string("produce: ") + rd_kafka_err2str(code));
}

std::string record_value(std::string_view room, std::string_view id, std::string_view text) {
    std::string value;
    value.reserve(160 + text.size());
    value.append(R"({"type":"message","room":")").append(room).append(R"(","id":")").append(id);
    value.append(R"(","user":")").append(user).append(R"(","text":")").append(text);
    return value.append(R"(","time":"2026-11-21T10:00:00.123Z"})");
}

}  // namespace roomcast::bench::kafka
