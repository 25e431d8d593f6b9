#include "shared/channel/kafka/instance.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>

namespace roomcast::channel::kafka {
namespace {

constexpr std::size_t events_per_turn = 256;  // then others on the loop get theirs

}  // namespace

std::shared_ptr<Instance> Instance::make(boost::asio::io_context& io, Kind kind, const KafkaConfig& config,
                                         const Properties& properties, Handler handler) {
    std::shared_ptr<Instance> made(new Instance(io, config, std::move(handler)));
    made->open(kind, config, properties);
    made->watch();
    return made;
}

Instance::Instance(boost::asio::io_context& io, const KafkaConfig& config, Handler handler)
    : io_(io), log_(config.log), handler_(std::move(handler)), wakeups_(io) {
    batch_.reserve(events_per_turn);
}

Instance::~Instance() { stop(); }

void Instance::open(Kind kind, const KafkaConfig& config, const Properties& properties) {
    auto conf = make_conf(config, properties);
    if (!conf) throw std::runtime_error(conf.error().detail);
    rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_LOG |
                                              RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_REBALANCE);
    std::array<char, 512> why{};
    const auto type = kind == Kind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    client_.reset(rd_kafka_new(type, conf->get(), why.data(), why.size()));
    if (!client_) throw std::runtime_error(std::string("Kafka: ") + why.data());
    static_cast<void>(conf->release());  // the client has it now

    rd_kafka_set_log_queue(client_.get(), nullptr);
    if (kind == Kind::group) {
        rd_kafka_poll_set_consumer(client_.get());
        queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
    } else {
        queue_.reset(rd_kafka_queue_get_main(client_.get()));
    }

    wakeup_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wakeup_fd_ < 0) throw std::runtime_error("Kafka: no eventfd to be had");
    wakeups_.assign(wakeup_fd_);
    rd_kafka_queue_cb_event_enable(queue_.get(), &Instance::on_event, this);
    poll_soon();  // what was queued before is not told
}

void Instance::stop() {
    if (std::exchange(stopped_, true)) return;
    if (queue_) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);  // none runs any more
    wakeups_.close();
    if (!draining_) handler_ = nullptr;
}

ClientPtr Instance::release() {
    stop();
    batch_.clear();
    queue_.reset();
    return std::move(client_);
}

void Instance::on_event(rd_kafka_t*, void* instance) {
    constexpr std::uint64_t one = 1;
    const auto& self = *static_cast<const Instance*>(instance);
    if (!self.quiet_) static_cast<void>(::write(self.wakeup_fd_, &one, sizeof one));
}

void Instance::quiet(bool quiet) {
    if (quiet_.exchange(quiet) == quiet || quiet || stopped_) return;
    if (rd_kafka_queue_length(queue_.get()) > 0) poll_soon();  // the queue tells only of the first
}

void Instance::watch() {
    wakeups_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this()](const boost::system::error_code& failed) {
                            const auto self = weak.lock();
                            if (!self || self->stopped_ || failed) return;
                            std::uint64_t count = 0;
                            static_cast<void>(::read(self->wakeups_.native_handle(), &count, sizeof count));
                            self->look();
                            if (!self->stopped_) self->watch();
                        });
}

void Instance::poll_soon() {
    boost::asio::post(io_, [weak = weak_from_this()] {
        if (const auto self = weak.lock(); self && !self->stopped_) self->look();
    });
}

void Instance::look() {
    std::size_t taken = 0;
    for (; taken < events_per_turn; ++taken) {
        EventPtr event(rd_kafka_queue_poll(queue_.get(), 0));
        if (!event) break;
        if (!taken_as_log(event.get())) batch_.push_back(std::move(event));
    }
    if (taken == events_per_turn) poll_soon();  // the queue tells only of going from empty to not empty
    if (batch_.empty()) return;
    std::vector<EventPtr> events;
    events.swap(batch_);
    draining_ = true;
    handler_(events);
    draining_ = false;
    if (stopped_) handler_ = nullptr;
    events.clear();
    batch_.swap(events);
}

bool Instance::taken_as_log(rd_kafka_event_t* event) const {
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_LOG) return false;
    const char* facility = nullptr;
    const char* text = nullptr;
    int level = 0;
    if (log_ && rd_kafka_event_log(event, &facility, &text, &level) == 0) log_(level, facility, text);
    return true;
}

void Instance::log(int level, std::string_view text) const {
    if (log_) log_(level, "CHANNEL", text);
}

bool is_missing_topic(rd_kafka_resp_err_t code) {
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID;
}

Error error_from(rd_kafka_resp_err_t code, std::string_view what) {
    std::string detail(what);
    detail.append(": ").append(rd_kafka_err2str(code));
    if (is_missing_topic(code)) return {Errc::room_gone, std::move(detail)};
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return {Errc::busy, std::move(detail)};
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return {Errc::too_large, std::move(detail)};
    return {Errc::unavailable, std::move(detail)};
}

}  // namespace roomcast::channel::kafka
