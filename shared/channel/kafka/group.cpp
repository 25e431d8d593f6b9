#include "shared/channel/kafka/group.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::chrono::milliseconds proof_of_life{1'000};
constexpr std::chrono::milliseconds closing_look{10};

}  // namespace

KafkaGroupMembership::KafkaGroupMembership(boost::asio::io_context& io, const KafkaConfig& config,
                                           OwnershipSink& sink)
    : sink_(sink),
      instance_(Instance::make(io, Instance::Kind::group, config, group_properties(config),
                               [this](Instance::Batch batch) { on_events(batch); })),
      timer_(io) {
    const PartitionsPtr topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), rooms_topic(config.topic_prefix).c_str(),
                                      RD_KAFKA_PARTITION_UA);
    if (const auto error = rd_kafka_subscribe(instance_->client(), topics.get())) {
        throw std::runtime_error(std::string("Kafka: cannot join the workers' group: ") +
                                 rd_kafka_err2str(error));
    }
    prove_life();
}

KafkaGroupMembership::~KafkaGroupMembership() {
    instance_->stop();
    leave_and_destroy(instance_->release());
}

void KafkaGroupMembership::prove_life() {
    timer_.expires_after(leaving_ ? closing_look : proof_of_life);
    timer_.async_wait([this](const boost::system::error_code& stopped) {
        if (stopped) return;
        instance_->poll_soon();
        const std::weak_ptr<int> alive = alive_;
        if (leaving_) look_whether_closed();
        if (!alive.expired() && (left_ || !leaving_)) prove_life();
    });
}

void KafkaGroupMembership::on_events(Instance::Batch batch) {
    const std::weak_ptr<int> alive = alive_;
    for (const auto& event : batch) {
        if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_REBALANCE) continue;
        on_rebalance(event.get());
        if (alive.expired()) return;
    }
    if (leaving_) look_whether_closed();
}

void KafkaGroupMembership::on_rebalance(rd_kafka_event_t* event) {
    auto* client = instance_->client();
    auto* partitions = rd_kafka_event_topic_partition_list(event);
    const bool assigned = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
        auto& partition = partitions->elems[i];
        partition.offset = RD_KAFKA_OFFSET_END;  // asks for no committed offset; nothing is fetched anyway
        const Slot slot{static_cast<std::uint16_t>(partition.partition)};
        if (assigned) {
            slots_.insert(slot);
        } else {
            slots_.erase(slot);
        }
    }
    if (assigned) {
        const ErrorPtr failed(rd_kafka_incremental_assign(client, partitions));
        rd_kafka_pause_partitions(client, partitions);
    } else {  // given back, or lost: others may have them already
        const ErrorPtr failed(rd_kafka_incremental_unassign(client, partitions));
        if (failed) rd_kafka_assign(client, nullptr);
    }
    tell();
}

void KafkaGroupMembership::tell() {
    if (!leaving_) sink_.on_slots_owned(std::vector<Slot>(slots_.begin(), slots_.end()));
}

void KafkaGroupMembership::leave(std::function<void()> done) {
    left_ = std::move(done);
    if (std::exchange(leaving_, true)) return;
    const ErrorPtr failed(rd_kafka_consumer_close_queue(instance_->client(), instance_->queue()));
    if (failed)
        instance_->log(4, std::string("leaving the workers' group: ") + rd_kafka_error_string(failed.get()));
    prove_life();
}

void KafkaGroupMembership::look_whether_closed() {
    if (rd_kafka_consumer_closed(instance_->client()) == 0) return;
    if (const auto done = std::exchange(left_, nullptr)) done();
}

}  // namespace roomcast::channel::kafka
