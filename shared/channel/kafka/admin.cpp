#include "shared/channel/kafka/admin.hpp"

#include <utility>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

// A broker with thousands of rooms waits for its disk at each entry of an index, which is a page of its own;
// but each fetch reads the batches from the entry before, one by one, and of a room whose messages came
// singly 64 KiB hold hundreds. So entries are fewer than Kafka makes them by itself (4 KiB), and not rarer
// than this.
constexpr const char* room_index_interval_bytes = "16384";
// Room for the entries of 300 MiB.
constexpr const char* room_index_bytes = "262144";

}  // namespace

KafkaLogAdmin::KafkaLogAdmin(boost::asio::io_context& io, const KafkaConfig& config)
    : io_(io),
      config_(config),
      instance_(Instance::make(io, Instance::Kind::producer, config, admin_properties(),
                               [this](Instance::Batch batch) {
                                   const auto requests = requests_;
                                   for (const auto& event : batch) requests->take(event.get());
                               })),
      requests_(std::make_shared<Requests>(instance_)) {}

KafkaLogAdmin::~KafkaLogAdmin() { instance_->stop(); }

void KafkaLogAdmin::create(const LogId& log, LogOptions options, Callback<void> done) {
    ensure_topic(
        {
            .name = room_topic(config_.topic_prefix, log),
            .partitions = 1,
            .replication_factor = config_.replication_factor,
            .settings = {{"cleanup.policy", "delete"},
                         {"retention.ms", retention_of(options)},
                         {"min.insync.replicas", std::to_string(config_.min_insync_replicas)},
                         {"index.interval.bytes", room_index_interval_bytes},
                         {"segment.index.bytes", room_index_bytes}},
        },
        request_deadline, std::move(done));
}

std::string KafkaLogAdmin::retention_of(const LogOptions& options) const {
    return std::to_string(options.retention_ms.value_or(config_.retention_ms));
}

void KafkaLogAdmin::ensure_topic(const TopicSpec& spec, std::chrono::milliseconds limit,
                                 Callback<void> done) {
    const auto start = Clock::now();
    struct Nothing {};
    Retry<Nothing>::run(
        io_, requests_, limit,
        [spec](Requests& requests, int timeout_ms, auto answer) {
            requests.create_topic(spec, timeout_ms, [answer](rd_kafka_resp_err_t code) { answer(code, {}); });
        },
        [this, name = spec.name, limit, start, done = std::move(done)](rd_kafka_resp_err_t code, Nothing) {
            if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
                return done(error_from(code, "create " + name));
            }
            const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
            wait_for_leaders(name, limit - spent, done);
        });
}

void KafkaLogAdmin::wait_for_leaders(const std::string& topic, std::chrono::milliseconds limit,
                                     Callback<void> done) {
    describe(topic, limit, [done = std::move(done)](const Result<TopicInfo>& info) {
        done(info ? Result<void>() : Result<void>(info.error()));
    });
}

void KafkaLogAdmin::describe(const std::string& topic, std::chrono::milliseconds limit,
                             Callback<TopicInfo> done) {
    Retry<TopicInfo>::run(
        io_, requests_, limit,
        [topic](Requests& requests, int timeout_ms, auto answer) {
            requests.describe(topic, timeout_ms, [answer](rd_kafka_resp_err_t code, TopicInfo info) {
                // A topic that was just made may be unknown here and there, and have no leader yet.
                const bool waiting =
                    is_missing_topic(code) || (code == RD_KAFKA_RESP_ERR_NO_ERROR && !info.ready());
                answer(waiting ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : code, std::move(info));
            });
        },
        [topic, done = std::move(done)](rd_kafka_resp_err_t code, const TopicInfo& info) {
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return done(info);
            done(error_from(code, "waiting for a leader of " + topic));
        });
}

void KafkaLogAdmin::configure(const LogId& log, LogOptions options, Callback<void> done) {
    const auto topic = room_topic(config_.topic_prefix, log);
    struct Nothing {};
    Retry<Nothing>::run(
        io_, requests_, request_deadline,
        [topic, retention = retention_of(options)](Requests& requests, int timeout_ms, auto answer) {
            requests.set_config(topic, "retention.ms", retention, timeout_ms,
                                [answer](rd_kafka_resp_err_t code) { answer(code, {}); });
        },
        [topic, done = std::move(done)](rd_kafka_resp_err_t code, Nothing) {
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return done({});
            done(error_from(code, "configure " + topic));
        });
}

void KafkaLogAdmin::remove(const LogId& log, Callback<void> done) {
    const auto topic = room_topic(config_.topic_prefix, log);
    struct Nothing {};
    Retry<Nothing>::run(
        io_, requests_, request_deadline,
        [topic](Requests& requests, int timeout_ms, auto answer) {
            requests.delete_topic(topic, timeout_ms, [answer](rd_kafka_resp_err_t code) {
                answer(is_missing_topic(code) ? RD_KAFKA_RESP_ERR_NO_ERROR : code, {});
            });
        },
        [topic, done = std::move(done)](rd_kafka_resp_err_t code, Nothing) {
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return done({});
            done(error_from(code, "remove " + topic));
        });
}

}  // namespace roomcast::channel::kafka
