#pragma once

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/producer.hpp"

namespace roomcast::channel::kafka {

/// Appends records to rooms' topics. Owned by whoever owns the listener, on the io_context's thread; errors
/// and limits are Producer's. Writers may outlive it and then answer `unavailable`.
class KafkaAppender : public Appender {
public:
    KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener);

    [[nodiscard]] std::unique_ptr<LogWriter> open(const LogId& log) override;
    [[nodiscard]] std::size_t in_flight() const override { return producer_.in_flight(); }
    [[nodiscard]] Producer& producer() { return producer_; }

private:
    std::string prefix_;
    Producer producer_;
    std::shared_ptr<Producer*> reach_;  // how writers know that it is still there
};

}  // namespace roomcast::channel::kafka
