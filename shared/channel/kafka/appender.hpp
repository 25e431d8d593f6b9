#pragma once

#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/doorbell.hpp"
#include "shared/channel/kafka/producer.hpp"

namespace roomcast::channel::kafka {

/// Appends records to rooms' topics. Owned by whoever owns the listener, on the io_context's thread; errors
/// and limits are Producer's, over all of them together. Writers may outlive it and then answer
/// `unavailable`.
///
/// A writer's records all go through one of up to KafkaConfig::producers clients. A client has one request
/// on its way at a broker: what its rooms say meanwhile goes together into the next. A writer that speaks
/// seldom rings for each record, in the same request; one that speaks often rings now and then: the room's
/// tail may sleep, or be read only when somebody rings.
class KafkaAppender : public Appender {
public:
    KafkaAppender(boost::asio::io_context& io, const KafkaConfig& config, AppendListener& listener);
    ~KafkaAppender() override;

    [[nodiscard]] std::unique_ptr<LogWriter> open(const LogId& log) override;
    [[nodiscard]] std::size_t in_flight() const override { return load_.messages; }
    [[nodiscard]] bool full() const;
    [[nodiscard]] Doorbell& doorbell() { return doorbell_; }
    [[nodiscard]] std::size_t producers() const { return producers_.size(); }
    /// Makes librdkafka believe in a fatal error: for tests.
    void fail_fatally();

private:
    friend class KafkaLogWriter;
    Producer& emptiest_producer();
    void collect_later();
    void collect_all();

    boost::asio::io_context& io_;
    KafkaConfig config_;
    AppendListener& listener_;
    Producer::Load load_;
    std::vector<std::unique_ptr<Producer>> producers_;
    Doorbell doorbell_;
    const bool rings_for_each_;  // writers that speak seldom, for each record
    boost::asio::steady_timer collecting_;
    bool collecting_later_ = false;
    std::shared_ptr<KafkaAppender*> reach_;  // how writers know that it is still there
};

}  // namespace roomcast::channel::kafka
