#include "shared/channel/kafka/appender.hpp"

#include <utility>

#include "shared/channel/kafka/record.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

class KafkaLogWriter : public LogWriter {
public:
    KafkaLogWriter(std::weak_ptr<KafkaAppender*> appender, Producer& producer, RoomSlug room,
                   std::string topic)
        : appender_(std::move(appender)),
          producer_(&producer),
          room_(std::move(room)),
          topic_(producer.open(std::move(topic))) {}

    Result<void> append(Record record, AppendTicket ticket) override {
        if (record.value.size() > limits::record_value_bytes) return Errc::too_large;
        const auto appender = appender_.lock();
        if (!appender) return Error{Errc::unavailable, "the appender is closed"};
        if ((*appender)->in_flight() >= limits::producer_queue_messages) return Errc::busy;
        Producer::Message message;
        message.key = room_.str();
        message.value = record.value;
        message.time = record.time;
        message.headers = headers_of(record);
        return producer_->produce(*topic_, std::move(message), ticket);
    }

private:
    std::weak_ptr<KafkaAppender*> appender_;
    Producer* producer_;  // the appender's
    RoomSlug room_;
    std::unique_ptr<Producer::Topic> topic_;
};

}  // namespace

KafkaAppender::KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener)
    : io_(io),
      config_(config),
      listener_(listener),
      producers_(static_cast<std::size_t>(config.producers)),
      reach_(std::make_shared<KafkaAppender*>(this)) {}

Producer& KafkaAppender::producer_for(const RoomSlug& room) {
    auto& producer = producers_[std::hash<RoomSlug>{}(room) % producers_.size()];
    if (!producer) {
        producer = std::make_unique<Producer>(
            io_, config_, [&listener = listener_](AppendTicket ticket, Result<Seq> outcome) {
                if (outcome) return listener.on_appended(ticket, *outcome);
                listener.on_append_failed(ticket, outcome.error());
            });
    }
    return *producer;
}

std::unique_ptr<LogWriter> KafkaAppender::open(const LogId& log) {
    return std::make_unique<KafkaLogWriter>(reach_, producer_for(log.room), log.room,
                                            room_topic(config_.topic_prefix, log));
}

std::size_t KafkaAppender::in_flight() const {
    std::size_t sum = 0;
    for (const auto& producer : producers_)
        if (producer) sum += producer->in_flight();
    return sum;
}

void KafkaAppender::fail_fatally() {
    for (const auto& producer : producers_)
        if (producer) producer->fail_fatally();
}

}  // namespace roomcast::channel::kafka
