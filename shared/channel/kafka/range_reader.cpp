#include "shared/channel/kafka/range_reader.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/record.hpp"
#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr FetchSettings settings = {
    .wait_ms = 2,
    .partition_bytes = 512 * 1024,
    .queued_messages = 1'000,
    .queued_kbytes = 1024,
    .show_end = true,
};

StoredRecord stored(const RecordView& view) {
    return {view.seq, Record{MessageId::trusted(std::string(view.id)),
                             UserName::trusted(std::string(view.user)), view.time, std::string(view.value)}};
}

}  // namespace

/// One read. Runs when it is first in its topic's queue; its deadline counts from the asking.
class RangeReader::Job final : private ReadingSink {
public:
    Job(RangeReader& reader, const LogId& log, ReadRange range, Callback<ReadResult> done)
        : reader_(reader),
          topic_(room_topic(reader.config_.topic_prefix, log)),
          range_(range),
          done_(std::move(done)),
          filter_(log.room, *reader.fetcher_.instance(), &reader.config_.on_foreign_record),
          deadline_(reader.io_, Clock::now() + request_deadline) {
        result_.next = range.from;
    }

    void start() {
        deadline_.async_wait(
            [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
                if (cancelled || alive.expired()) return;
                if (!result_.records.empty()) return finish();
                reader_.finish(topic_, Error{Errc::unavailable, topic_ + ": no answer in time"});
            });
        reading_ = reader_.fetcher_.read(topic_, 0, range_.from.value, *this);
    }

    [[nodiscard]] const std::string& topic() const { return topic_; }
    Callback<ReadResult> take_callback() { return std::move(done_); }

private:
    void on_messages(Messages messages) override {
        for (const auto* message : messages) {
            if (message->offset >= range_.until.value) {
                result_.next = range_.until;
                return finish();
            }
            if (const auto view = filter_.view(*message)) {
                if (!result_.records.empty() && bytes_ + view->value.size() > range_.max_bytes)
                    return finish();
                bytes_ += view->value.size();
                result_.records.push_back(stored(*view));
            }
            result_.next = Seq{message->offset + 1};
            if (result_.next >= range_.until || full()) return finish();
        }
    }

    [[nodiscard]] bool full() const {
        return !result_.records.empty() &&
               (std::cmp_greater_equal(result_.records.size(), range_.max_records) ||
                bytes_ >= range_.max_bytes);
    }

    void on_end(std::int64_t offset) override {
        result_.next = std::max(result_.next, Seq{offset});
        finish();
    }

    void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override {
        if (is_missing_topic(code)) return reader_.finish(topic_, Error{Errc::room_gone, std::move(text)});
        if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
            return reader_.finish(topic_, Error{Errc::unavailable, std::move(text)});
        }
        if (code != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && code != RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
            return;
        // Below the log, or beyond it?
        Retry<std::int64_t>::run(
            reader_.io_, reader_.requests_, request_deadline,
            [topic = topic_](Requests& requests, int timeout_ms, auto answer) {
                requests.list_offset(topic, 0, RD_KAFKA_OFFSET_SPEC_EARLIEST, timeout_ms, std::move(answer));
            },
            [this, alive = std::weak_ptr(alive_)](rd_kafka_resp_err_t failed, std::int64_t first) {
                if (alive.expired()) return;
                if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
                    return reader_.finish(topic_, error_from(failed, topic_));
                if (result_.next.value >= first) return finish();
                reader_.finish(topic_,
                               Error{Errc::not_found, topic_ + " begins at " + std::to_string(first)});
            });
    }

    void finish() { reader_.finish(topic_, std::move(result_)); }

    RangeReader& reader_;
    std::string topic_;
    ReadRange range_;
    Callback<ReadResult> done_;
    RecordFilter filter_;
    boost::asio::steady_timer deadline_;
    ReadResult result_;
    std::size_t bytes_ = 0;
    std::unique_ptr<Fetcher::Reading> reading_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

RangeReader::RangeReader(boost::asio::io_context& io, const KafkaConfig& config)
    : io_(io),
      config_(config),
      fetcher_(io, config, settings),
      requests_(std::make_shared<Requests>(fetcher_.instance())) {
    fetcher_.on_other_event([requests = std::weak_ptr(requests_)](rd_kafka_event_t* event) {
        if (const auto kept = requests.lock()) kept->take(event);
    });
}

RangeReader::~RangeReader() = default;

void RangeReader::read(const LogId& log, ReadRange range, Callback<ReadResult> done) {
    if (range.from >= range.until || range.from.value < 0) {
        Result<ReadResult> answer = ReadResult{{}, range.from};
        if (range.from.value < 0) answer = Error{Errc::not_found, "no log begins below 0"};
        boost::asio::post(
            io_, [alive = std::weak_ptr(alive_), done = std::move(done), answer = std::move(answer)] {
                if (!alive.expired()) done(answer);
            });
        return;
    }
    auto job = std::make_unique<Job>(*this, log, range, std::move(done));
    auto& queue = jobs_[job->topic()];
    queue.push_back(std::move(job));
    if (queue.size() == 1) queue.front()->start();
}

void RangeReader::finish(const std::string& topic, Result<ReadResult> result) {
    const auto found = jobs_.find(topic);
    auto job = std::move(found->second.front());  // `topic` is its
    found->second.pop_front();
    const auto done = job->take_callback();
    const bool more = !found->second.empty();
    if (!more) jobs_.erase(found);
    boost::asio::post(io_, [this, alive = std::weak_ptr(alive_), next = more ? topic : std::string()] {
        if (alive.expired() || next.empty()) return;
        const auto waiting = jobs_.find(next);
        if (waiting != jobs_.end()) waiting->second.front()->start();
    });
    // Its reading ends before anybody can ask for the next of the same partition.
    job.reset();
    done(std::move(result));
}

}  // namespace roomcast::channel::kafka
