#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "shared/channel/kafka/handles.hpp"
#include "shared/channel/kafka/properties.hpp"

namespace roomcast::channel::kafka {

/// One librdkafka client whose events arrive on an io_context, in batches, without a polling thread.
///
/// Shared by those that hold handles of the client (readings, requests), so that it outlives them; the events
/// of a batch are gone before it is. `stop` ends the calls at once, also from inside one. Everything happens
/// on the io_context's thread; librdkafka's threads only write to an eventfd, and not even that while it is
/// quiet.
class Instance : public std::enable_shared_from_this<Instance> {
public:
    using Batch = std::span<const EventPtr>;
    using Handler = std::function<void(Batch)>;
    enum class Kind { producer, fetcher, group };

    /// Throws std::runtime_error when librdkafka refuses the settings; brokers need not be reachable.
    static std::shared_ptr<Instance> make(boost::asio::io_context& io, Kind kind, const KafkaConfig& config,
                                          const Properties& properties, Handler handler);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    [[nodiscard]] rd_kafka_t* client() const { return client_.get(); }
    [[nodiscard]] rd_kafka_queue_t* queue() const { return queue_.get(); }
    [[nodiscard]] boost::asio::io_context& io() const { return io_; }
    void stop();
    /// While it is quiet nobody is woken for events: who made it so looks for them.
    void quiet(bool quiet);
    /// Takes the events that are there now, as if woken: calls the handler.
    void look();
    /// Looks for events now, as if told of some: the proof of life that a group member owes librdkafka.
    void poll_soon();
    void log(int level, std::string_view text) const;
    /// Ends the calls and gives the client away, for an end of another kind than destruction.
    [[nodiscard]] ClientPtr release();

private:
    Instance(boost::asio::io_context& io, const KafkaConfig& config, Handler handler);
    void open(Kind kind, const KafkaConfig& config, const Properties& properties);
    void watch();
    static void on_event(rd_kafka_t* client, void* instance);  // by librdkafka's threads
    [[nodiscard]] bool taken_as_log(rd_kafka_event_t* event) const;

    boost::asio::io_context& io_;
    LogLine log_;
    Handler handler_;
    ClientPtr client_;
    QueuePtr queue_;
    boost::asio::posix::stream_descriptor wakeups_;
    int wakeup_fd_ = -1;  // that of wakeups_, which outlives the calls of on_event
    std::atomic<bool> quiet_{false};
    std::vector<EventPtr> batch_;
    bool stopped_ = false;
    bool draining_ = false;
};

/// What a failed request says, in our words and Kafka's.
[[nodiscard]] Error error_from(rd_kafka_resp_err_t code, std::string_view what);
[[nodiscard]] bool is_missing_topic(rd_kafka_resp_err_t code);

}  // namespace roomcast::channel::kafka
