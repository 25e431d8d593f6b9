#include "shared/channel/kafka/log_reader.hpp"

#include <optional>
#include <utility>

#include "shared/channel/kafka/retry.hpp"
#include "shared/channel/kafka/tail_reader.hpp"
#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

/// Two answers that come in any order; the first failure, or both at the end.
struct Pair {
    Callback<std::pair<Seq, Seq>> done;
    std::optional<Seq> first;
    std::optional<Seq> second;

    void take(std::optional<Seq>& place, const Result<Seq>& answer) {
        if (!done) return;
        if (!answer) return std::exchange(done, nullptr)(answer.error());
        place = *answer;
        if (first && second) std::exchange(done, nullptr)(std::pair{*first, *second});
    }
};

}  // namespace

KafkaLogReader::KafkaLogReader(boost::asio::io_context& io, const KafkaConfig& config, const NodeId& node)
    : io_(io),
      config_(config),
      ranges_(io, config),
      pool_(std::make_shared<TailPool>(io, config, node, ranges_.requests())) {
    pool_->start();
}

KafkaLogReader::~KafkaLogReader() { pool_->stop(); }

void KafkaLogReader::list_offset(const LogId& log, std::int64_t spec, Callback<Seq> done) {
    const auto topic = room_topic(config_.topic_prefix, log);
    Retry<std::int64_t>::run(
        io_, ranges_.requests(), request_deadline,
        [topic, spec](Requests& requests, int timeout_ms, auto answer) {
            requests.list_offset(topic, 0, spec, timeout_ms, std::move(answer));
        },
        [topic, done = std::move(done)](rd_kafka_resp_err_t code, std::int64_t offset) {
            if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return done(error_from(code, topic));
            done(Seq{offset});
        });
}

void KafkaLogReader::bounds(const LogId& log, Callback<Bounds> done) {
    auto pair = std::make_shared<Pair>([done = std::move(done)](Result<std::pair<Seq, Seq>> both) {
        if (!both) return done(both.error());
        done(Bounds{both->first, both->second});
    });
    list_offset(log, RD_KAFKA_OFFSET_SPEC_EARLIEST,
                [pair](const Result<Seq>& seq) { pair->take(pair->first, seq); });
    list_offset(log, RD_KAFKA_OFFSET_SPEC_LATEST,
                [pair](const Result<Seq>& seq) { pair->take(pair->second, seq); });
}

void KafkaLogReader::seek(const LogId& log, TimeMs time, Callback<Seq> done) {
    auto pair = std::make_shared<Pair>([done = std::move(done)](Result<std::pair<Seq, Seq>> both) {
        if (!both) return done(both.error());
        done(both->first.value >= 0 ? both->first : both->second);  // -1: nothing at or after that time
    });
    list_offset(log, std::max<TimeMs>(time, 0),
                [pair](const Result<Seq>& seq) { pair->take(pair->first, seq); });
    list_offset(log, RD_KAFKA_OFFSET_SPEC_LATEST,
                [pair](const Result<Seq>& seq) { pair->take(pair->second, seq); });
}

void KafkaLogReader::read(const LogId& log, ReadRange range, Callback<ReadResult> done) {
    ranges_.read(log, range, std::move(done));
}

std::unique_ptr<Tail> KafkaLogReader::tail(const LogId& log, Seq from, TailSink& sink) {
    return start_tail(pool_, log, from, sink);
}

}  // namespace roomcast::channel::kafka
