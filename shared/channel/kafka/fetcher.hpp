#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka {

/// Hears what one Reading reads. Any of these calls may destroy the Reading.
class ReadingSink {
public:
    using Messages = std::span<const rd_kafka_message_t* const>;
    /// In offset order; gone after the call.
    virtual void on_messages(Messages messages) = 0;
    /// Everything below `offset` has been shown, and there is no more now. With FetchSettings::show_end only.
    virtual void on_end(std::int64_t /*offset*/) {}
    /// Reading goes no further (until it is made again).
    virtual void on_reading_failed(rd_kafka_resp_err_t code, std::string text) = 0;

protected:
    ~ReadingSink() = default;
};

/// Reads partitions from given offsets, over one librdkafka instance: no group, nothing stored, the explicit
/// (librdkafka: "simple consumer") assignment, which unlike the group's takes no coordinator and no round
/// trip.
///
/// Belongs to its io_context's thread. A partition can be read once at a time. Readings outlive the Fetcher
/// safely: they then say nothing more. Waits out brokers that are away; a topic that every broker denies
/// fails its readings after about 2 s (`topic.metadata.propagation.max.ms`) or at once when it was known
/// before.
class Fetcher {
    struct Entry;
    class Core;

public:
    /// Running until destroyed.
    class Reading {
    public:
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        /// With FetchSettings::on_demand: has it fetched, once.
        void demand();

    private:
        friend class Fetcher;
        explicit Reading(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
        std::shared_ptr<Entry> entry_;
    };

    Fetcher(boost::asio::io_context& io, const KafkaConfig& config, const FetchSettings& settings);
    ~Fetcher();
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;

    /// `offset` may be RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END.
    [[nodiscard]] std::unique_ptr<Reading> read(const std::string& topic, std::int32_t partition,
                                                std::int64_t offset, ReadingSink& sink);
    [[nodiscard]] std::size_t readings() const;
    [[nodiscard]] std::shared_ptr<Instance> instance() const;
    /// Sees every event that is not about a reading, such as the answers of Requests.
    void on_other_event(std::function<void(rd_kafka_event_t*)> handler);

private:
    std::shared_ptr<Core> core_;
};

}  // namespace roomcast::channel::kafka
