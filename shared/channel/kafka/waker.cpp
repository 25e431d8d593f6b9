#include "shared/channel/kafka/waker.hpp"

#include <array>
#include <chrono>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

using std::chrono::milliseconds;
// After the first: the usual case, a topic whose metadata had to be asked for, and a busy machine.
constexpr std::array pauses = {milliseconds(1), milliseconds(2), milliseconds(5), milliseconds(20),
                               milliseconds(80)};

}  // namespace

Waker::Waker(boost::asio::io_context& io, const KafkaConfig& config)
    : instance_(
          Instance::make(io, Instance::Kind::producer, config, waker_properties(), [](Instance::Batch) {})),
      topic_(rd_kafka_topic_new(instance_->client(), wake_topic(config.topic_prefix).c_str(), nullptr)),
      timer_(io) {}

Waker::~Waker() {
    topic_.reset();
    instance_->stop();
}

void Waker::wake() {
    next_tick_ = 0;
    if (!ticking_) tick();
}

void Waker::tick() {
    ticking_ = next_tick_ < pauses.size();
    if (!ticking_) return;
    timer_.expires_after(pauses[next_tick_++]);
    timer_.async_wait([this](const boost::system::error_code& stopped) {
        if (stopped) return;
        wake_now();
        tick();
    });
}

void Waker::wake_now() {
    constexpr char nothing = '.';
    for (const auto partition : partitions_) {
        rd_kafka_produce(topic_.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(&nothing), 1,
                         nullptr, 0, nullptr);
    }
}

}  // namespace roomcast::channel::kafka
