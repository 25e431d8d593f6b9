#include "shared/channel/kafka/producer.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "shared/channel/kafka/doorbell.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::size_t quiet_messages = 16;  // with more in flight a wakeup brings many reports
const char a_ring = 0;                      // its address is what rings have in place of a ticket

Result<Seq> outcome_of(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) return Seq{message.offset};
    auto error = error_from(message.err, "append");
    if (rd_kafka_message_status(&message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED)
        error.code = Errc::unknown_outcome;
    return error;
}

}  // namespace

Producer::Topic::Topic(Producer& producer, std::string name) : producer_(&producer), name_(std::move(name)) {
    producer.topics_.insert(this);
}

Producer::Topic::~Topic() {
    if (producer_ != nullptr) producer_->topics_.erase(this);
}

Producer::Producer(boost::asio::io_context& io, const KafkaConfig& config, Report report, Reports reports,
                   Load* total)
    : io_(io), config_(config), report_(std::move(report)), reports_(reports), total_(total) {
    start();
}

Producer::~Producer() {
    for (auto* topic : topics_) {
        topic->handle_.reset();
        topic->producer_ = nullptr;
    }
    current_->doorbell.reset();
    current_->instance->stop();
    for (auto& generation : ending_) generation->instance->stop();
}

void Producer::start() {
    current_ = std::make_unique<Generation>();
    current_->instance = Instance::make(
        io_, Instance::Kind::producer, config_, producer_properties(config_),
        [this, generation = current_.get()](Instance::Batch batch) { on_events(*generation, batch); });
    for (auto* topic : topics_) {
        topic->handle_.reset(rd_kafka_topic_new(current_->instance->client(), topic->name_.c_str(), nullptr));
    }
}

std::unique_ptr<Producer::Topic> Producer::open(std::string topic) {
    std::unique_ptr<Topic> made(new Topic(*this, std::move(topic)));
    made->handle_.reset(rd_kafka_topic_new(current_->instance->client(), made->name_.c_str(), nullptr));
    return made;
}

Result<void> Producer::produce(Topic& topic, Message message, std::uint64_t ticket) {
    if (topic.producer_ != this || !topic.handle_) return Error{Errc::unavailable, "the producer is closed"};
    const void* value = message.value ? static_cast<const void*>(message.value->data()) : nullptr;
    const std::size_t value_bytes = message.value ? message.value->size() : 0;
    const auto produce_once = [&] {
        return rd_kafka_producev(
            current_->instance->client(), RD_KAFKA_V_RKT(topic.handle_.get()),
            RD_KAFKA_V_PARTITION(message.partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
            RD_KAFKA_V_VALUE(const_cast<void*>(value), value_bytes), RD_KAFKA_V_TIMESTAMP(message.time),
            RD_KAFKA_V_HEADERS(message.headers.get()), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(ticket)),
            RD_KAFKA_V_END);
    };
    auto code = produce_once();
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        replace("append");
        code = produce_once();
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return error_from(code, topic.name_);
    static_cast<void>(message.headers.release());  // the message has them now
    ++current_->in_flight;
    ++in_flight_;
    if (total_ != nullptr) {
        ++total_->messages;
        total_->bytes += message.key.size() + value_bytes;
    }
    if (reports_ == Reports::collected) current_->instance->quiet(current_->in_flight <= quiet_messages);
    return {};
}

bool Producer::ring(const std::string& topic) {
    auto& doorbell = current_->doorbell;
    if (!doorbell)
        doorbell = open_waiting_topic(current_->instance->client(), doorbell_topic(config_.topic_prefix));
    auto value = value_of(Ring::record);
    return rd_kafka_produce(doorbell.get(), 0, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                            value.size(), topic.data(), topic.size(), const_cast<char*>(&a_ring)) == 0;
}

void Producer::collect() {
    const auto instance = current_->instance;  // whoever hears of an outcome may end this producer
    instance->look();
}

void Producer::replace(std::string_view why) {
    auto given_up = std::move(current_);
    given_up->doorbell.reset();
    given_up->instance->quiet(false);
    given_up->instance->log(3, "producer: fatal error (" + std::string(why) + "): starting a new one");
    for (auto* topic : topics_) topic->handle_.reset();
    start();
    rd_kafka_purge(given_up->instance->client(),
                   RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    if (given_up->in_flight > 0) {
        ending_.push_back(std::move(given_up));
    } else {
        // It may be on the stack right now.
        given_up->instance->stop();
        boost::asio::post(io_, [kept = std::shared_ptr<Generation>(std::move(given_up))] {});
    }
}

void Producer::on_events(Generation& generation, Instance::Batch batch) {
    const std::weak_ptr<int> alive = alive_;
    for (const auto& event : batch) {
        switch (rd_kafka_event_type(event.get())) {
            case RD_KAFKA_EVENT_DR:
                on_reports(generation, event.get());
                break;
            case RD_KAFKA_EVENT_ERROR:
                if (rd_kafka_event_error_is_fatal(event.get()) != 0 && current_.get() == &generation) {
                    replace(rd_kafka_event_error_string(event.get()));
                }
                break;
            default:
                break;
        }
        if (alive.expired()) return;
    }
    if (generation.in_flight > 0) return;
    generation.instance->quiet(false);  // nobody looks now
    if (current_.get() == &generation) return;
    const auto ended = std::ranges::find(ending_, &generation, &std::unique_ptr<Generation>::get);
    if (ended == ending_.end()) return;
    (*ended)->instance->stop();
    boost::asio::post(io_, [kept = std::shared_ptr<Generation>(std::move(*ended))] {});
    ending_.erase(ended);
}

void Producer::on_reports(Generation& generation, rd_kafka_event_t* event) {
    const std::weak_ptr<int> alive = alive_;
    while (const auto* message = rd_kafka_event_message_next(event)) {
        if (message->_private == &a_ring) {
            on_ring_report(generation, *message);
            continue;
        }
        --generation.in_flight;
        --in_flight_;
        if (total_ != nullptr) {
            --total_->messages;
            total_->bytes -= message->key_len + message->len;
        }
        report_(reinterpret_cast<std::uint64_t>(message->_private), outcome_of(*message));
        if (alive.expired()) return;
    }
}

/// The first of a row that fails is logged.
void Producer::on_ring_report(const Generation& generation, const rd_kafka_message_t& ring) {
    const bool failed = ring.err != RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failed && !rings_fail_)
        generation.instance->log(4, std::string("doorbell: a ring failed: ") + rd_kafka_err2str(ring.err));
    rings_fail_ = failed;
}

void Producer::fail_fatally() {
    rd_kafka_test_fatal_error(current_->instance->client(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                              "asked for");
}

}  // namespace roomcast::channel::kafka
