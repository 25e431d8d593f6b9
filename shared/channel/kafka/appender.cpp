#include "shared/channel/kafka/appender.hpp"

#include <utility>

#include "shared/channel/kafka/record.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {
namespace {

class KafkaLogWriter : public LogWriter {
public:
    KafkaLogWriter(std::weak_ptr<Producer*> producer, RoomSlug room, std::unique_ptr<Producer::Topic> topic)
        : producer_(std::move(producer)), room_(std::move(room)), topic_(std::move(topic)) {}

    Result<void> append(Record record, AppendTicket ticket) override {
        if (record.value.size() > limits::record_value_bytes) return Errc::too_large;
        const auto producer = producer_.lock();
        if (!producer) return Error{Errc::unavailable, "the appender is closed"};
        Producer::Message message;
        message.key = room_.str();
        message.value = record.value;
        message.time = record.time;
        message.headers = headers_of(record);
        return (*producer)->produce(*topic_, std::move(message), ticket);
    }

private:
    std::weak_ptr<Producer*> producer_;
    RoomSlug room_;
    std::unique_ptr<Producer::Topic> topic_;
};

}  // namespace

KafkaAppender::KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener)
    : prefix_(config.topic_prefix),
      producer_(io, config,
                [&listener](AppendTicket ticket, Result<Seq> outcome) {
                    if (outcome) return listener.on_appended(ticket, *outcome);
                    listener.on_append_failed(ticket, outcome.error());
                }),
      reach_(std::make_shared<Producer*>(&producer_)) {}

std::unique_ptr<LogWriter> KafkaAppender::open(const LogId& log) {
    return std::make_unique<KafkaLogWriter>(reach_, log.room, producer_.open(room_topic(prefix_, log)));
}

}  // namespace roomcast::channel::kafka
