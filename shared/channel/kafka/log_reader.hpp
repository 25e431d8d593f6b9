#pragma once

#include <memory>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/range_reader.hpp"
#include "shared/channel/kafka/tail_pool.hpp"

namespace roomcast::channel::kafka {

/// The consumer's end of rooms' topics: tails on one set of librdkafka instances, ranges and questions on
/// another. `node` picks which wake partitions to read, so that nodes do not wake each other. See LogReader
/// for the rest.
class KafkaLogReader : public LogReader {
public:
    KafkaLogReader(boost::asio::io_context& io, const KafkaConfig& config, const NodeId& node);
    ~KafkaLogReader() override;

    void bounds(const LogId& log, Callback<Bounds> done) override;
    void read(const LogId& log, ReadRange range, Callback<ReadResult> done) override;
    void seek(const LogId& log, TimeMs time, Callback<Seq> done) override;
    [[nodiscard]] std::unique_ptr<Tail> tail(const LogId& log, Seq from, TailSink& sink) override;

    [[nodiscard]] std::size_t tail_instances() const { return pool_->size(); }
    [[nodiscard]] std::size_t tails_asleep() const { return pool_->asleep(); }
    [[nodiscard]] std::size_t tails_rung_for() const { return pool_->rung_for(); }

private:
    void list_offset(const LogId& log, std::int64_t spec, Callback<Seq> done);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    RangeReader ranges_;
    std::shared_ptr<TailPool> pool_;
};

}  // namespace roomcast::channel::kafka
