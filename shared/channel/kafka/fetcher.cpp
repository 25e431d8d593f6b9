#include "shared/channel/kafka/fetcher.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

namespace roomcast::channel::kafka {

/// One partition that is being read. Its topic handle keeps the pointer in `Core::Key` from being used again.
struct Fetcher::Entry {
    std::shared_ptr<Core> core;
    TopicPtr topic;
    std::int32_t partition;
    ReadingSink* sink;  // none once the Reading is destroyed
    std::vector<const rd_kafka_message_t*> pending;
};

class Fetcher::Core : public std::enable_shared_from_this<Core> {
public:
    struct Key {
        const rd_kafka_topic_t* topic;
        std::int32_t partition;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<const void*>{}(key.topic) * 31 + static_cast<std::size_t>(key.partition);
        }
    };

    ~Core() {
        if (instance) instance->stop();
    }

    void open(boost::asio::io_context& io, const KafkaConfig& config, const FetchSettings& settings) {
        instance = Instance::make(io, Instance::Kind::fetcher, config, fetcher_properties(settings),
                                  [this](Instance::Batch batch) { dispatch(batch); });
    }

    void dispatch(Instance::Batch batch) {
        const auto self = shared_from_this();
        std::vector<std::shared_ptr<Entry>> touched;
        for (const auto& event : batch) {
            switch (rd_kafka_event_type(event.get())) {
                case RD_KAFKA_EVENT_FETCH:
                    collect(event.get(), touched);
                    break;
                case RD_KAFKA_EVENT_ERROR:
                    deliver(touched);  // what came before the error is shown before it
                    report(event.get());
                    break;
                default:
                    if (const auto handler = other) handler(event.get());  // a copy: it may end this Fetcher
            }
        }
        deliver(touched);
    }

    std::shared_ptr<Instance> instance;
    std::unordered_map<Key, std::shared_ptr<Entry>, KeyHash> entries;
    std::function<void(rd_kafka_event_t*)> other;

private:
    void collect(rd_kafka_event_t* event, std::vector<std::shared_ptr<Entry>>& touched) {
        while (const auto* message = rd_kafka_event_message_next(event)) {
            const auto found = entries.find({message->rkt, message->partition});
            if (found == entries.end()) continue;
            auto& entry = found->second;
            if (entry->pending.empty()) touched.push_back(entry);
            entry->pending.push_back(message);
        }
    }

    static void deliver(std::vector<std::shared_ptr<Entry>>& touched) {
        for (const auto& entry : touched) {
            if (entry->sink != nullptr) entry->sink->on_messages(entry->pending);
            entry->pending.clear();
        }
        touched.clear();
    }

    void report(rd_kafka_event_t* event) {
        const auto code = rd_kafka_event_error(event);
        const PartitionPtr where(rd_kafka_event_topic_partition(event));
        if (!where) return;  // of a broker or the client: librdkafka goes on by itself, and logs it
        const TopicPtr topic(rd_kafka_topic_new(instance->client(), where->topic, nullptr));
        const auto found = entries.find({topic.get(), where->partition});
        if (found == entries.end() || found->second->sink == nullptr) return;
        const auto entry = found->second;
        if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            entry->sink->on_end(where->offset);
        } else {
            entry->sink->on_reading_failed(code, rd_kafka_event_error_string(event));
        }
    }
};

Fetcher::Reading::~Reading() {
    const auto& core = entry_->core;
    entry_->sink = nullptr;
    rd_kafka_consume_stop(entry_->topic.get(),
                          entry_->partition);  // waits for the client's main thread: some 20 us
    core->entries.erase({entry_->topic.get(), entry_->partition});
}

void Fetcher::Reading::demand() { rd_kafka_consume_demand(entry_->topic.get(), entry_->partition); }

Fetcher::Fetcher(boost::asio::io_context& io, const KafkaConfig& config, const FetchSettings& settings)
    : core_(std::make_shared<Core>()) {
    core_->open(io, config, settings);
}

Fetcher::~Fetcher() {
    core_->instance->stop();
    core_->other = nullptr;
}

std::unique_ptr<Fetcher::Reading> Fetcher::read(const std::string& topic, std::int32_t partition,
                                                std::int64_t offset, ReadingSink& sink) {
    TopicPtr handle(rd_kafka_topic_new(core_->instance->client(), topic.c_str(), nullptr));
    auto entry = std::make_shared<Entry>(core_, std::move(handle), partition, &sink);
    core_->entries.insert_or_assign({entry->topic.get(), partition}, entry);
    rd_kafka_consume_start_queue(entry->topic.get(), partition, offset, core_->instance->queue());
    return std::unique_ptr<Reading>(new Reading(std::move(entry)));
}

std::size_t Fetcher::readings() const { return core_->entries.size(); }
std::shared_ptr<Instance> Fetcher::instance() const { return core_->instance; }

void Fetcher::on_other_event(std::function<void(rd_kafka_event_t*)> handler) {
    core_->other = std::move(handler);
}

}  // namespace roomcast::channel::kafka
