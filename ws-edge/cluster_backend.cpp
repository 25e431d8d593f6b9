#include <chrono>
#include <optional>
#include <stdexcept>

#include "shared/channel/kafka/kafka_channel.hpp"
#include "shared/channel/kafka_settings.hpp"
#include "shared/net/tls_context.hpp"
#include "ws-edge/backend.hpp"
#include "ws-edge/cluster_workers.hpp"

namespace roomcast::edge {
namespace {

namespace kafka = channel::kafka;
constexpr auto topics_deadline = std::chrono::seconds(60);

kafka::KafkaConfig checked(kafka::KafkaConfig config) {
    if (const auto valid = kafka::validate(config); !valid) throw std::runtime_error(valid.error().detail);
    return config;
}

/// A cluster's edge: appends to Kafka, reads through the workers' links.
class ClusterBackend final : public Backend {
public:
    ClusterBackend(net::Loop& loop, const ops::EdgeSettings& settings, Core& core, ops::Log& log)
        : config_(checked(channel::kafka_config(settings.kafka, log))) {
        std::optional<Result<void>> made;
        kafka::ensure_base_topics(loop.io(), config_, topics_deadline,
                                  [&](Result<void> result) { made = std::move(result); });
        while (!made && !loop.io().stopped()) loop.io().run_one();
        if (!made) throw std::runtime_error("stopped before it was up");
        if (!*made) throw std::runtime_error(made->error().detail);
        appender_ = kafka::make_appender(loop.io(), config_, core);
        members_ = kafka::make_members_log(loop.io(), config_);
        tokens_ = kafka::make_table_log(loop.io(), config_, channel::Table::tokens);
        publisher_ = std::make_unique<producer::Publisher>(*appender_);
        workers_ = std::make_unique<ClusterWorkers>(
            loop, *members_,
            net::TlsContext::mutual(settings.link_tls.ca, settings.link_tls.cert, settings.link_tls.key),
            settings.node, core, log);
    }

    Workers& workers() override { return *workers_; }
    channel::TableLog& tokens_table() override { return *tokens_; }
    producer::Publisher& publisher() override { return *publisher_; }
    [[nodiscard]] bool ready() const override { return workers_->any(); }
    [[nodiscard]] std::size_t workers_linked() const override { return workers_->links_up(); }

private:
    kafka::KafkaConfig config_;
    std::unique_ptr<channel::Appender> appender_;
    std::unique_ptr<channel::MembersLog> members_;
    std::unique_ptr<channel::TableLog> tokens_;
    std::unique_ptr<producer::Publisher> publisher_;
    std::unique_ptr<ClusterWorkers> workers_;
};

}  // namespace

std::unique_ptr<Backend> make_cluster_backend(net::Loop& loop, const ops::EdgeSettings& settings, Core& core,
                                              ops::Log& log) {
    return std::make_unique<ClusterBackend>(loop, settings, core, log);
}

}  // namespace roomcast::edge
