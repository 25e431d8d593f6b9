#include "shared/channel/kafka/waker.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

using std::chrono::milliseconds;
// After the first: the usual case, a topic whose metadata had to be asked for, a busy machine, and one that
// is far too busy.
constexpr std::array pauses = {milliseconds(1),  milliseconds(2),   milliseconds(5),   milliseconds(20),
                               milliseconds(80), milliseconds(320), milliseconds(1000)};
/// Where tails come all the time: each wakeup has the broker look at all partitions of a fetcher.
constexpr milliseconds least_gap{10};

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

void Waker::wake(const std::vector<std::int32_t>& partitions) {
    if (partitions.empty()) return;
    const auto soon = Clock::now() + pauses.front();
    for (const auto partition : partitions) {
        auto& waking = wakings_.try_emplace(partition, Waking{soon}).first->second;
        // One that is put off again and again would never come.
        waking.due = std::max(std::min(waking.due, soon), waking.woken + least_gap);
        waking.next = 0;
    }
    wait();
}

void Waker::wait() {
    if (wakings_.empty()) return;
    const auto by_due = [](const auto& a, const auto& b) { return a.second.due < b.second.due; };
    timer_.expires_at(std::ranges::min_element(wakings_, by_due)->second.due);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& stopped) {
        if (stopped || alive.expired()) return;
        wake_those_due();
        wait();
    });
}

void Waker::wake_those_due() {
    constexpr char nothing = '.';
    const auto now = Clock::now();
    for (auto& [partition, waking] : wakings_) {
        if (waking.due > now) continue;
        rd_kafka_produce(topic_.get(), partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(&nothing), 1,
                         nullptr, 0, nullptr);
        waking.woken = now;
        if (++waking.next < pauses.size()) waking.due = now + pauses[waking.next];
    }
    std::erase_if(wakings_, [](const auto& each) { return each.second.next >= pauses.size(); });
}

}  // namespace roomcast::channel::kafka
