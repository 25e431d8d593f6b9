#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/instance.hpp"

namespace roomcast::channel::kafka {

/// The idempotent producer (acks=all) below Appender, TableLog and MembersLog.
///
/// Belongs to its io_context's thread. Every accepted message is reported once: kept, surely not kept, or
/// unknown. Holds at most limits::producer_queue_messages / _kbytes, then `busy`; nothing waits longer than
/// limits::append_deadline_ms. When librdkafka declares its state beyond repair (a *fatal* error), what is in
/// flight is reported, and the client is replaced without anybody noticing otherwise.
class Producer {
public:
    using Report = std::function<void(std::uint64_t ticket, Result<Seq> outcome)>;
    /// When reports come: as soon as they can, or, while there are few, when they are asked for.
    enum class Reports { at_once, collected };

    /// What is in flight of several producers together: keys' and values' bytes.
    struct Load {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };

    /// A topic to produce to: its librdkafka handle is looked up once, here. Safe to keep past the producer's
    /// end.
    class Topic {
    public:
        ~Topic();
        Topic(const Topic&) = delete;
        Topic& operator=(const Topic&) = delete;

    private:
        friend class Producer;
        Topic(Producer& producer, std::string name);
        Producer* producer_;
        std::string name_;
        TopicPtr handle_;
    };

    struct Message {
        std::int32_t partition = 0;
        std::string_view key;
        std::optional<std::string_view> value;  // none: a tombstone
        TimeMs time = 0;                        // 0: now
        HeadersPtr headers;
    };

    /// `total`, where there is one, outlives the producer.
    Producer(boost::asio::io_context& io, const KafkaConfig& config, Report report,
             Reports reports = Reports::at_once, Load* total = nullptr);
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    [[nodiscard]] std::unique_ptr<Topic> open(std::string topic);
    /// Copies key and value once, into librdkafka's own message.
    [[nodiscard]] Result<void> produce(Topic& topic, Message message, std::uint64_t ticket);
    /// Puts a Ring::record into the doorbell topic, to go along with the record that is produced next; there
    /// is no report of it. Whether there was room in the queue.
    bool ring(const std::string& topic);
    /// Reports what is known by now, from inside the call.
    void collect();
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
    [[nodiscard]] std::size_t open_topics() const { return topics_.size(); }
    /// Makes librdkafka believe in a fatal error: for tests.
    void fail_fatally();

private:
    struct Generation {
        std::shared_ptr<Instance> instance;
        TopicPtr doorbell;  // once somebody rings
        std::size_t in_flight = 0;
    };
    using Generations = std::list<std::unique_ptr<Generation>>;

    void start();
    void replace(std::string_view why);
    void on_events(Generation& generation, Instance::Batch batch);
    void on_reports(Generation& generation, rd_kafka_event_t* event);
    void on_ring_report(const Generation& generation, const rd_kafka_message_t& ring);

    boost::asio::io_context& io_;
    KafkaConfig config_;
    Report report_;
    Reports reports_;
    std::unique_ptr<Generation> current_;
    Generations ending_;  // given up, until their last report is in
    std::unordered_set<Topic*> topics_;
    std::size_t in_flight_ = 0;
    bool rings_fail_ = false;
    Load* total_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
