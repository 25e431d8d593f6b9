#include "producer/produce.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "producer/importer.hpp"
#include "producer/line_source.hpp"
#include "producer/publisher.hpp"
#include "shared/channel/kafka/kafka_channel.hpp"
#include "shared/channel/kafka_settings.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/signals.hpp"

namespace roomcast::producer {
namespace {

namespace kafka = channel::kafka;
using channel::sqlite::SqliteChannel;

constexpr auto topics_deadline = std::chrono::seconds(15);  // for brokers to answer at all
/// To the outcome of one append. Longer than the servers' limits::append_deadline_ms: nobody waits for an
/// answer here, and what librdkafka sends again by itself keeps its order through any outage shorter than
/// this. An append of unknown fate and its next attempt (see ImportLimits::unknown_age_ms) still end within
/// dedupe_window_ms.
constexpr int append_deadline_ms = 30'000;
/// How long a batch is collected, at least. No reader waits for an import, and whole batches cost half as
/// much.
constexpr int least_linger_ms = 2;
constexpr auto tick = std::chrono::milliseconds(500);

/// Tells this run's ids from another's. Short, so that an id with a line's number fits a string without
/// allocation.
std::string make_run() { return make_epoch().str().substr(0, 8); }

/// The line on a terminal that says how far it is; overwritten each time.
class Progress {
public:
    explicit Progress(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}

    void show(const Importer::Counts& counts) {
        if (!shown_) return;
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began_;
        std::fprintf(stderr, "\r%llu sent, %llu acked, %llu failed, %.0f/s\x1b[K", count(counts.sent),
                     count(counts.acked), count(counts.failed),
                     static_cast<double>(counts.acked) / elapsed.count());
    }
    void clear() const {
        if (shown_) std::fputs("\r\x1b[K", stderr);
    }

private:
    static unsigned long long count(std::uint64_t number) { return number; }

    bool shown_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// The composition root's parts, in the order in which they are made; destroyed in reverse.
class Produce {
public:
    explicit Produce(const ops::ProduceSettings& settings)
        : settings_(settings),
          log_(ops::make_log(settings.log, "roomcast-produce")),
          progress_(settings.progress),
          tick_timer_(io_),
          importer_(io_, {},
                    {.open = [this](const auto& room, const auto& creator,
                                    auto done) { open_room(room, creator, std::move(done)); },
                     .failed = [this](std::uint64_t line, std::string_view why) { complain(line, why); },
                     .settled = [this] { take_input(); }}) {}

    int run() {
        ops::Signals signals(io_, {[this](int) { stop(); }, [this] { stop(); }});
        if (!open_log()) return 1;
        importer_.use(*publisher_);
        directory_ = std::make_unique<channel::RoomDirectory>(io_, *table_, *admin_, log_);
        source_ = std::make_unique<LineSource>(STDIN_FILENO, make_run(),
                                               [this] { boost::asio::post(io_, [this] { take_input(); }); });
        keep_up();
        if (!stopped_) io_.run();
        signals.disarm();
        progress_.clear();
        const auto& counts = importer_.counts();
        std::printf(
            "{\"sent\":%llu,\"acked\":%llu,\"failed\":%llu}\n", static_cast<unsigned long long>(counts.sent),
            static_cast<unsigned long long>(counts.acked), static_cast<unsigned long long>(counts.failed));
        return counts.failed == 0 && !stopped_ && !input_failed_ ? 0 : 1;
    }

private:
    [[nodiscard]] bool open_log() {
        if (settings_.local) {
            const std::shared_ptr<SqliteChannel> local =
                SqliteChannel::open_read_write(io_, {.data_dir = settings_.data_dir});
            local->report_to(importer_);
            appender_ = local;
            admin_ = local;
            table_ = local;
        } else if (!open_kafka()) {
            return false;
        }
        publisher_ = std::make_unique<Publisher>(*appender_);
        return true;
    }

    [[nodiscard]] bool open_kafka() {
        auto config = channel::kafka_config(settings_.kafka, log_);
        // What goes wrong is told by line; librdkafka's own words are for --log-level debug and for the last
        // one.
        config.log = [this](int level, std::string_view facility, std::string_view text) {
            log_.debug("kafka", {{"facility", facility}, {"text", text}});
            if (level <= 3) kafka_trouble_ = text;
        };
        if (const auto valid = kafka::validate(config); !valid)
            throw std::runtime_error(valid.error().detail);
        std::optional<Result<void>> made;
        kafka::ensure_base_topics(io_, config, topics_deadline,
                                  [&](Result<void> result) { made = std::move(result); });
        while (!made && !io_.stopped()) io_.run_one();
        if (!made || !*made) {
            const std::string reason = made ? why(made->error()) : "stopped before Kafka answered";
            const std::string trouble = made && !kafka_trouble_.empty() ? " (" + kafka_trouble_ + ')' : "";
            std::fprintf(stderr, "roomcast-produce: %s%s\n", reason.c_str(), trouble.c_str());
            return false;
        }
        admin_ = kafka::make_log_admin(io_, config);
        table_ = kafka::make_table_log(io_, config);
        config.linger_ms = std::max(config.linger_ms, least_linger_ms);
        if (!config.properties.contains("delivery.timeout.ms"))
            config.properties.emplace("message.timeout.ms", std::to_string(append_deadline_ms));
        appender_ = kafka::make_appender(io_, config, importer_);
        return true;
    }

    void open_room(const RoomSlug& room, const UserName& creator, channel::Callback<LogId> done) {
        // A name in a file is no account, so nobody owns what an import makes.
        directory_->open(room, settings_.create_rooms, Actor{creator, {}},
                         [done = std::move(done)](Result<RoomInfo> found) {
                             if (!found) return done(found.error());
                             done(found->log);
                         });
    }

    /// Takes what was read, as long as the importer has room: what is left keeps the reading thread waiting,
    /// and so whoever writes to our stdin.
    void take_input() {
        while (!stopped_ && !input_ended_ && importer_.has_room()) {
            auto batch = source_->next();
            if (!batch) break;
            for (const auto& bad : batch->bad) importer_.reject(bad.number, bad.why);
            for (auto& line : batch->lines) importer_.take(std::move(line));
            input_ended_ = batch->last;
            if (batch->failure.empty()) continue;
            input_failed_ = true;
            progress_.clear();
            std::fprintf(stderr, "roomcast-produce: stdin: %s\n", batch->failure.c_str());
        }
        if ((stopped_ || input_ended_) && importer_.idle()) io_.stop();
    }

    void complain(std::uint64_t line, std::string_view why_not) {
        progress_.clear();
        std::fprintf(stderr, "line %llu: %.*s\n", static_cast<unsigned long long>(line),
                     static_cast<int>(why_not.size()), why_not.data());
    }

    void keep_up() {
        tick_timer_.expires_after(tick);
        tick_timer_.async_wait([this](boost::system::error_code ended) {
            if (ended) return;
            progress_.show(importer_.counts());
            publisher_->close_idle();
            keep_up();
        });
    }

    void stop() {
        stopped_ = true;
        if (!source_) return io_.stop();
        importer_.stop();
        take_input();
    }

    const ops::ProduceSettings& settings_;
    ops::Log log_;
    std::string kafka_trouble_;
    Progress progress_;
    boost::asio::io_context io_{1};
    boost::asio::steady_timer tick_timer_;
    Importer importer_;
    // In local mode these three are one object, in a cluster one each.
    std::shared_ptr<channel::Appender> appender_;
    std::shared_ptr<channel::LogAdmin> admin_;
    std::shared_ptr<channel::TableLog> table_;
    std::unique_ptr<Publisher> publisher_;
    std::unique_ptr<channel::RoomDirectory> directory_;
    std::unique_ptr<LineSource> source_;
    bool input_ended_ = false;
    bool input_failed_ = false;
    bool stopped_ = false;
};

}  // namespace

int run_produce(const ops::ProduceSettings& settings) { return Produce(settings).run(); }

}  // namespace roomcast::producer
