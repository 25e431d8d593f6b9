#include "shared/channel/kafka/tail_reader.hpp"

#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "shared/channel/kafka/record.hpp"
#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

class KafkaTail final : public Tail, private ReadingSink {
public:
    KafkaTail(std::shared_ptr<TailPool> pool, const LogId& log, Seq from, TailSink& sink)
        : pool_(std::move(pool)),
          topic_(room_topic(pool_->config().topic_prefix, log)),
          next_(from),
          sink_(sink),
          filter_(log.room, pool_->first_instance(), &pool_->config().on_foreign_record),
          retry_(pool_->io()) {
        if (from.value >= 0) {
            read();
        } else {
            boost::asio::post(pool_->io(), [this, alive = std::weak_ptr(alive_)] {
                if (!alive.expired()) fail({Errc::not_found, "no log begins below 0"});
            });
        }
    }

    [[nodiscard]] std::int64_t behind() const override { return place_ ? place_->behind(next_.value) : 0; }

private:
    void read() { place_ = pool_->read(topic_, next_.value, *this); }

    void on_messages(Messages messages) override {
        views_.clear();
        for (const auto* message : messages) {
            if (message->offset < next_.value) continue;
            next_ = Seq{message->offset + 1};
            if (const auto view = filter_.view(*message)) views_.push_back(*view);
        }
        if (!views_.empty()) sink_.on_records(views_);
    }

    void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override {
        if (is_missing_topic(code)) return look_whether_it_is_gone();
        if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
            return fail({Errc::not_found, std::move(text)});
        }
        if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            return fail({Errc::unavailable, std::move(text)});
        // Of one fetch: librdkafka goes on by itself.
    }

    /// A broker that just started may deny a topic that exists.
    void look_whether_it_is_gone() {
        if (looking_) return;
        looking_ = true;
        place_.reset();
        Retry<TopicInfo>::run(
            pool_->io(), pool_->requests(), request_deadline,
            [topic = topic_](Requests& requests, int timeout_ms, auto answer) {
                requests.describe(topic, timeout_ms, std::move(answer));
            },
            [this, alive = std::weak_ptr(alive_)](rd_kafka_resp_err_t code, const TopicInfo&) {
                if (alive.expired()) return;
                looking_ = false;
                if (is_missing_topic(code)) return fail({Errc::room_gone, topic_ + " does not exist"});
                if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return read();
                look_again();
            });
    }

    void look_again() {
        retry_.expires_after(std::chrono::milliseconds(500));
        retry_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
            if (!cancelled && !alive.expired()) look_whether_it_is_gone();
        });
    }

    void fail(Error error) {
        place_.reset();
        sink_.on_tail_failed(std::move(error));
    }

    std::shared_ptr<TailPool> pool_;
    std::string topic_;
    Seq next_;
    TailSink& sink_;
    RecordFilter filter_;
    std::vector<RecordView> views_;
    std::unique_ptr<TailPool::Place> place_;
    boost::asio::steady_timer retry_;
    bool looking_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<Tail> start_tail(std::shared_ptr<TailPool> pool, const LogId& log, Seq from, TailSink& sink) {
    return std::make_unique<KafkaTail>(std::move(pool), log, from, sink);
}

}  // namespace roomcast::channel::kafka
