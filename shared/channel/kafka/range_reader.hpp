#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/fetcher.hpp"
#include "shared/channel/kafka/requests.hpp"

namespace roomcast::channel::kafka {

/// Reads ranges of rooms' topics, on a librdkafka instance whose fetches are never parked for long, so that
/// reads do not wait for each other. Reads of one log take turns; those of different logs go on side by side.
///
/// Owned by KafkaLogReader, on its thread. A read holds what it has read so far, at most
/// ReadRange::max_bytes, and librdkafka some 1 MiB beside. At the deadline a read answers with what it has,
/// if anything, else `unavailable`.
class RangeReader {
public:
    RangeReader(boost::asio::io_context& io, const KafkaConfig& config);
    ~RangeReader();
    RangeReader(const RangeReader&) = delete;
    RangeReader& operator=(const RangeReader&) = delete;

    void read(const LogId& log, ReadRange range, Callback<ReadResult> done);
    /// Questions go over the same instance.
    [[nodiscard]] const std::shared_ptr<Requests>& requests() const { return requests_; }

private:
    class Job;
    using Queue = std::deque<std::unique_ptr<Job>>;
    void finish(const std::string& topic, Result<ReadResult> result);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    Fetcher fetcher_;
    std::shared_ptr<Requests> requests_;
    std::unordered_map<std::string, Queue> jobs_;  // by topic; the first of each runs
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
