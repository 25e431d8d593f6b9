#pragma once

#include <memory>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/producer.hpp"

namespace roomcast::channel::kafka {

/// Appends records to rooms' topics. Owned by whoever owns the listener, on the io_context's thread; errors
/// and limits are Producer's, over all of them together. Writers may outlive it and then answer
/// `unavailable`.
///
/// A room's records all go through one of KafkaConfig::producers clients: librdkafka puts one partition into
/// a request and keeps five of them in flight at a broker, so that one client alone gets through few rooms.
class KafkaAppender : public Appender {
public:
    KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener);

    [[nodiscard]] std::unique_ptr<LogWriter> open(const LogId& log) override;
    [[nodiscard]] std::size_t in_flight() const override;
    /// Makes librdkafka believe in a fatal error: for tests.
    void fail_fatally();

private:
    Producer& producer_for(const RoomSlug& room);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    AppendListener& listener_;
    std::vector<std::unique_ptr<Producer>> producers_;  // opened when the first of their rooms is
    std::shared_ptr<KafkaAppender*> reach_;             // how writers know that it is still there
};

}  // namespace roomcast::channel::kafka
