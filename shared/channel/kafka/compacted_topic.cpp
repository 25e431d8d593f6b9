#include "shared/channel/kafka/compacted_topic.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/retry.hpp"

namespace roomcast::channel::kafka {
namespace {

enum class Stage { reading_up, current };

/// A partition that is read anew waits for the parked fetch of the others, so where they read up none is
/// parked for long: that is 20 fetches a second of nothing, which what is current is spared.
constexpr FetchSettings settings_of(Stage stage) {
    FetchSettings settings{.show_end = true};
    if (stage == Stage::reading_up) settings.wait_ms = 50;
    return settings;
}
constexpr std::chrono::milliseconds restart_pause{500};

}  // namespace

/// The fetchers that followings run on. The first also carries the questions.
struct CompactedTopic::Shared {
    struct Host {
        Host(boost::asio::io_context& io, const KafkaConfig& config, Stage its_stage)
            : stage(its_stage), fetcher(io, config, settings_of(stage)) {}
        const Stage stage;
        Fetcher fetcher;
        std::set<std::int32_t> partitions;
    };

    Shared(boost::asio::io_context& loop, const KafkaConfig& with) : io(loop), config(with) {
        hosts.push_back(std::make_unique<Host>(io, config, Stage::reading_up));
        requests = std::make_shared<Requests>(hosts.front()->fetcher.instance());
        hosts.front()->fetcher.on_other_event([weak = std::weak_ptr(requests)](rd_kafka_event_t* event) {
            if (const auto kept = weak.lock()) kept->take(event);
        });
    }

    Host& host_for(std::int32_t partition, Stage stage) {
        for (auto& host : hosts) {
            if (host->stage == stage && !host->partitions.contains(partition)) return *host;
        }
        return *hosts.emplace_back(std::make_unique<Host>(io, config, stage));
    }

    void give_back(Host& host, std::int32_t partition) {
        host.partitions.erase(partition);
        if (!host.partitions.empty() || hosts.front().get() == &host) return;
        std::erase_if(hosts, [&host](const auto& each) { return each.get() == &host; });
    }

    boost::asio::io_context& io;
    KafkaConfig config;
    std::list<std::unique_ptr<Host>> hosts;
    std::shared_ptr<Requests> requests;
};

namespace {

/// Reads a partition on one of the fetchers, until destroyed.
class Seat {
public:
    Seat(CompactedTopic::Shared& shared, Stage stage, const std::string& topic, std::int32_t partition,
         std::int64_t offset, ReadingSink& sink)
        : shared_(shared), host_(shared.host_for(partition, stage)), partition_(partition) {
        host_.partitions.insert(partition_);
        reading_ = host_.fetcher.read(topic, partition_, offset, sink);
    }
    ~Seat() {
        reading_.reset();
        shared_.give_back(host_, partition_);
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

private:
    CompactedTopic::Shared& shared_;
    CompactedTopic::Shared::Host& host_;
    std::int32_t partition_;
    std::unique_ptr<Fetcher::Reading> reading_;
};

/// Current once everything below the end that was found at the start has been shown. Then it is read where
/// fetches are parked for long, and still where it was read up until the other one shows something, so that
/// nothing comes late. What both show is taken once.
class CompactedFollowing final : public Following, private ReadingSink {
public:
    CompactedFollowing(std::shared_ptr<CompactedTopic::Shared> shared, std::string topic,
                       std::int32_t partition, CompactedTopic::Sink& sink)
        : shared_(std::move(shared)),
          topic_(std::move(topic)),
          partition_(partition),
          sink_(sink),
          timer_(shared_->io) {
        read();
        find_end();
    }

private:
    class Settling final : public ReadingSink {
    public:
        explicit Settling(CompactedFollowing& following) : following_(following) {}
        void on_messages(Messages messages) override {
            following_.reading_up_.reset();
            following_.on_messages(messages);
        }
        void on_end(std::int64_t offset) override {
            following_.reading_up_.reset();
            following_.on_end(offset);
        }
        void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override {
            following_.on_reading_failed(code, std::move(text));
        }

    private:
        CompactedFollowing& following_;
    };

    /// From 0 rather than from "the beginning": librdkafka has to ask where that is, and where it knows no
    /// leader yet, as at every start, it waits half a second before it asks. Compaction leaves the start at
    /// 0; where retention has moved it, the broker refuses 0, and by then the leader is known.
    void read() {
        reading_up_ = std::make_unique<Seat>(*shared_, Stage::reading_up, topic_, partition_,
                                             from_beginning_ ? RD_KAFKA_OFFSET_BEGINNING : next_,
                                             static_cast<ReadingSink&>(*this));
    }

    /// Where the partition is empty, or ends in a gap, no record tells that the end was reached; the
    /// fetcher's own word for it comes too, but only after a parked fetch.
    void find_end() {
        Retry<std::int64_t>::run(
            shared_->io, shared_->requests, request_deadline,
            [topic = topic_, partition = partition_](Requests& requests, int timeout_ms, auto answer) {
                requests.list_offset(topic, partition, RD_KAFKA_OFFSET_SPEC_LATEST, timeout_ms,
                                     std::move(answer));
            },
            [this, alive = std::weak_ptr(alive_)](rd_kafka_resp_err_t code, std::int64_t end) {
                if (alive.expired() || code != RD_KAFKA_RESP_ERR_NO_ERROR) return;
                end_ = end;
                look_whether_current();
            });
    }

    void on_messages(Messages messages) override {
        const std::weak_ptr<int> alive = alive_;
        for (const auto* message : messages) {
            if (message->offset < next_) continue;
            next_ = message->offset + 1;
            const std::string_view key(static_cast<const char*>(message->key),
                                       message->key ? message->key_len : 0);
            std::optional<std::string_view> value;
            if (message->payload != nullptr)
                value.emplace(static_cast<const char*>(message->payload), message->len);
            sink_.on_record(Seq{message->offset}, key, value);
            if (alive.expired()) return;
            look_whether_current();
            if (alive.expired()) return;
        }
    }

    void on_end(std::int64_t offset) override {
        next_ = std::max(next_, offset);
        end_ = std::min(end_.value_or(next_), next_);
        look_whether_current();
    }

    void look_whether_current() {
        if (!end_ || next_ < *end_) return;
        if (!settled_)
            settled_ = std::make_unique<Seat>(*shared_, Stage::current, topic_, partition_, next_, settling_);
        if (!std::exchange(current_, true)) sink_.on_current();
    }

    void on_reading_failed(rd_kafka_resp_err_t code, std::string text) override {
        const bool out_of_range =
            code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
        if (!is_missing_topic(code) && !out_of_range) return;
        // That 0 lies before the start is no trouble.
        const bool looked_for_start = out_of_range && next_ == 0 && !from_beginning_;
        if (!looked_for_start)
            shared_->hosts.front()->fetcher.instance()->log(4, topic_ + ": " + text + ": reading it again");
        if (out_of_range) next_ = 0;
        from_beginning_ = out_of_range;
        reading_up_.reset();
        settled_.reset();
        timer_.expires_after(looked_for_start ? std::chrono::milliseconds(0) : restart_pause);
        timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& stopped) {
            if (stopped || alive.expired()) return;
            read();
            if (!end_) find_end();
        });
    }

    std::shared_ptr<CompactedTopic::Shared> shared_;
    std::string topic_;
    std::int32_t partition_;
    CompactedTopic::Sink& sink_;
    boost::asio::steady_timer timer_;
    Settling settling_{*this};
    std::unique_ptr<Seat> reading_up_;
    std::unique_ptr<Seat> settled_;
    std::int64_t next_ = 0;
    bool from_beginning_ = false;
    std::optional<std::int64_t> end_;
    bool current_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

CompactedTopic::CompactedTopic(boost::asio::io_context& io, const KafkaConfig& config, std::string name)
    : io_(io),
      name_(std::move(name)),
      producer_(io, config,
                [this](std::uint64_t ticket, Result<Seq> outcome) {
                    auto asked = waiting_.extract(ticket);
                    if (!asked.empty()) asked.mapped()(std::move(outcome));
                }),
      topic_(producer_.open(name_)),
      shared_(std::make_shared<Shared>(io, config)) {}

CompactedTopic::~CompactedTopic() {
    for (auto& host : shared_->hosts) host->fetcher.instance()->stop();
}

void CompactedTopic::append(std::int32_t partition, std::string_view key,
                            std::optional<std::string_view> value, Callback<Seq> done) {
    const auto ticket = ++last_ticket_;
    Producer::Message message;
    message.partition = partition;
    message.key = key;
    message.value = value;
    const auto queued = producer_.produce(*topic_, std::move(message), ticket);
    if (queued) {
        waiting_.emplace(ticket, std::move(done));
        return;
    }
    boost::asio::post(io_, [alive = std::weak_ptr(alive_), done = std::move(done), error = queued.error()] {
        if (!alive.expired()) done(error);
    });
}

std::unique_ptr<Following> CompactedTopic::follow(std::int32_t partition, Sink& sink) {
    return std::make_unique<CompactedFollowing>(shared_, name_, partition, sink);
}

}  // namespace roomcast::channel::kafka
