#include "shared/channel/kafka/appender.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "shared/channel/kafka/properties.hpp"
#include "shared/channel/kafka/record.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/coarse_clock.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {

namespace {
constexpr std::chrono::milliseconds often_within{250};  // two records of a writer that speaks often
}

class KafkaLogWriter : public LogWriter {
public:
    KafkaLogWriter(std::weak_ptr<KafkaAppender*> appender, Producer& producer, RoomSlug room,
                   std::string topic, std::chrono::milliseconds ring_after, bool rings_for_each)
        : rings_for_each_(rings_for_each),
          ring_after_(ring_after),
          appender_(std::move(appender)),
          producer_(&producer),
          room_(std::move(room)),
          name_(std::move(topic)),
          topic_(producer.open(name_)) {}

    Result<void> append(Record record, AppendTicket ticket) override {
        if (record.value.size() > limits::record_value_bytes) return Errc::too_large;
        const auto appender = appender_.lock();
        if (!appender) return Error{Errc::unavailable, "the appender is closed"};
        if ((*appender)->full()) return Errc::busy;
        ring((*appender)->doorbell());
        Producer::Message message;
        message.key = room_.str();
        message.value = record.value;
        message.time = record.time;
        message.headers = headers_of(record);
        auto queued = producer_->produce(*topic_, std::move(message), ticket);
        if (queued) (*appender)->collect_later();
        return queued;
    }

    void collect() override {
        if (!appender_.expired()) producer_->collect();  // may end this writer
    }

private:
    /// Who speaks seldom rings for each record. Who speaks often rings now and then, for as long as that.
    void ring(Doorbell& doorbell) {
        const auto now = coarse_now();
        const bool often = now - std::exchange(last_, now) < often_within || !rings_for_each_;
        if (now < awake_until_) return;
        if (!often) {
            producer_->ring(name_);
        } else if (doorbell.ring(name_)) {
            awake_until_ = now + ring_after_;
        }
    }

    bool rings_for_each_;
    std::chrono::milliseconds ring_after_;
    std::chrono::steady_clock::time_point last_{};
    std::chrono::steady_clock::time_point awake_until_{};  // by what this writer rang
    std::weak_ptr<KafkaAppender*> appender_;
    Producer* producer_;  // the appender's
    RoomSlug room_;
    std::string name_;
    std::unique_ptr<Producer::Topic> topic_;
};

KafkaAppender::KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener)
    : io_(io),
      config_(config),
      listener_(listener),
      doorbell_(Doorbell::make(io, config)),
      rings_for_each_(joins_produce_requests()),
      collecting_(io),
      reach_(std::make_shared<KafkaAppender*>(this)) {}

KafkaAppender::~KafkaAppender() { doorbell_.flush(); }

Producer& KafkaAppender::emptiest_producer() {
    const auto emptiest = std::ranges::min_element(
        producers_, {}, [](const std::unique_ptr<Producer>& producer) { return producer->open_topics(); });
    const bool all = std::cmp_greater_equal(producers_.size(), config_.producers);
    if (emptiest != producers_.end() &&
        (all || std::cmp_less((*emptiest)->open_topics(), config_.rooms_before_spreading)))
        return **emptiest;
    return *producers_.emplace_back(std::make_unique<Producer>(
        io_, config_,
        [&listener = listener_](AppendTicket ticket, Result<Seq> outcome) {
            if (outcome) return listener.on_appended(ticket, *outcome);
            listener.on_append_failed(ticket, outcome.error());
        },
        Producer::Reports::collected, &load_));
}

void KafkaAppender::collect_later() {
    if (std::exchange(collecting_later_, true)) return;
    collecting_.expires_after(std::chrono::milliseconds(limits::append_report_pause_ms));
    collecting_.async_wait([this, alive = std::weak_ptr(reach_)](const boost::system::error_code& stopped) {
        if (!stopped && !alive.expired()) collect_all();
    });
}

void KafkaAppender::collect_all() {
    const std::weak_ptr alive(reach_);
    collecting_later_ = false;
    // By index: who hears of an outcome may open writers, and so producers.
    for (std::size_t i = 0; !alive.expired() && i < producers_.size(); ++i)
        if (producers_[i]->in_flight() > 0) producers_[i]->collect();
    if (!alive.expired() && in_flight() > 0) collect_later();
}

std::unique_ptr<LogWriter> KafkaAppender::open(const LogId& log) {
    return std::make_unique<KafkaLogWriter>(
        reach_, emptiest_producer(), log.room, room_topic(config_.topic_prefix, log),
        std::chrono::milliseconds(config_.tail_silence_ms / 2), rings_for_each_);
}

bool KafkaAppender::full() const {
    return load_.messages >= limits::producer_queue_messages ||
           load_.bytes >= limits::producer_queue_kbytes * 1024;
}

void KafkaAppender::fail_fatally() {
    for (const auto& producer : producers_) producer->fail_fatally();
}

}  // namespace roomcast::channel::kafka
