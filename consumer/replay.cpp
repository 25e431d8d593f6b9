#include "consumer/replay.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "consumer/dedupe_window.hpp"
#include "shared/channel/kafka/kafka_channel.hpp"
#include "shared/channel/kafka_settings.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/signals.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::consumer {
namespace {

namespace kafka = channel::kafka;
using channel::Bounds;
using channel::ReadResult;
using channel::sqlite::SqliteChannel;

constexpr std::size_t output_bytes = 64 * 1024;  // collected, then written at once
constexpr TimeMs clock_skew_ms = 60'000;  // edges stamp times by clocks of their own, so far apart at most
constexpr int interrupted = 130;          // as a shell says it

/// Lines for stdout, collected.
class Output {
public:
    void line(std::string_view text) {
        lines_ += text;
        lines_ += '\n';
    }
    [[nodiscard]] bool full() const { return lines_.size() >= output_bytes; }
    /// Writes all of it; the errno when that fails. EINTR: a signal came while the reader was not reading.
    [[nodiscard]] int flush() {
        std::string_view left = lines_;
        while (!left.empty()) {
            const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
            if (written < 0) return errno;
            left.remove_prefix(static_cast<std::size_t>(written));
        }
        lines_.clear();
        return 0;
    }

private:
    std::string lines_;
};

/// Which messages are asked for.
struct Wanted {
    Seq from_seq;
    Seq to_seq;
    std::optional<TimeMs> from_time;
    std::optional<TimeMs> to_time;

    [[nodiscard]] bool holds(Seq seq, TimeMs time) const {
        return seq >= from_seq && seq <= to_seq && (!from_time || time >= *from_time) &&
               (!to_time || time <= *to_time);
    }
    /// Whether nothing from here on can be wanted.
    [[nodiscard]] bool ends_before(Seq seq, TimeMs time) const {
        return seq > to_seq || (to_time && time - *to_time > clock_skew_ms);
    }
};

Wanted wanted_by(const ops::ReplaySettings& settings) {
    return {Seq{settings.from_seq.value_or(0)}, Seq{settings.to_seq.value_or(INT64_MAX)},
            parse_rfc3339(settings.from_time), parse_rfc3339(settings.to_time)};
}

/// Finds the room, reads its log page by page up to what it holds now, then follows it where that is asked
/// for.
///
/// The log is read once, from a dedupe window's length before the first wanted message on, through one
/// DedupeWindow which the tail goes on with: so repeats are known exactly as every other reader knows them,
/// and cheaper than by HistoryReader, which looks back anew for each page.
class Replay final : private channel::TailSink {
public:
    explicit Replay(const ops::ReplaySettings& settings)
        : settings_(settings),
          wanted_(wanted_by(settings)),
          log_(ops::make_log(settings.log, "roomcast-replay")) {}

    int run() {
        ops::Signals signals(io_, {[this](int) { on_signal(); }, [this] { on_signal(); }});
        open_log();
        directory_ = std::make_unique<channel::RoomDirectory>(io_, *table_, *admin_, log_);
        directory_->open(RoomSlug::trusted(settings_.room), false, {}, [this](Result<RoomInfo> found) {
            if (!found) return fail(found.error());
            room_ = found->log;
            hidden_ = directory_->hidden(room_);
            prefix_bytes_ = wire::record_prefix(room_.room).size();
            look_where_to_begin();
        });
        io_.run();
        signals.disarm();
        return exit_code_;
    }

private:
    void open_log() {
        if (settings_.local) {
            const std::shared_ptr<SqliteChannel> local =
                SqliteChannel::open_read_only(io_, settings_.data_dir);
            reader_ = local;
            admin_ = local;
            table_ = local;
            return;
        }
        auto config = channel::kafka_config(settings_.kafka, log_);
        // One line says why it failed; librdkafka's own words are for --log-level debug and for that line.
        config.log = [this](int level, std::string_view facility, std::string_view text) {
            log_.debug("kafka", {{"facility", facility}, {"text", text}});
            if (level <= 3) kafka_trouble_ = text;
        };
        if (const auto valid = kafka::validate(config); !valid)
            throw std::runtime_error(valid.error().detail);
        reader_ = kafka::make_log_reader(io_, config, NodeId::trusted("roomcast-replay"));
        admin_ = kafka::make_log_admin(io_, config);
        table_ = kafka::make_table_log(io_, config);
    }

    void look_where_to_begin() {
        reader_->bounds(room_, [this](Result<Bounds> bounds) {
            if (!bounds) return fail(bounds.error());
            if (!wanted_.from_time) return begin(*bounds, wanted_.from_seq);
            reader_->seek(room_, *wanted_.from_time, [this, bounds = *bounds](Result<Seq> found) {
                if (!found) return fail(found.error());
                begin(bounds, std::max(wanted_.from_seq, *found));
            });
        });
    }

    void begin(const Bounds& bounds, Seq first_wanted) {
        first_wanted = std::clamp(first_wanted, bounds.first, bounds.next);
        at_ = std::max(bounds.first, Seq{first_wanted.value - limits::dedupe_window_records});
        end_ = wanted_.to_seq < bounds.next ? wanted_.to_seq.next() : bounds.next;
        read_on();
    }

    void read_on() {
        if (done_ || (at_ >= end_ && !settings_.follow)) return finish(0);
        if (at_ >= end_) return follow();
        const channel::ReadRange page{at_, end_, limits::resume_page_messages, limits::history_page_bytes};
        reader_->read(room_, page, [this](const Result<ReadResult>& read) {
            if (!read && read.error().code == Errc::not_found) return go_on_where_the_log_begins();
            if (!read) return fail(read.error());
            for (const auto& [seq, record] : read.value().records)
                show({seq, record.time, record.id.str(), record.user.str(), record.value});
            at_ = std::max(at_, read.value().next);
            if (settings_.follow || output_.full()) flush();
            if (!io_.stopped()) read_on();
        });
    }

    /// Retention overtook us: what was next is no longer there.
    void go_on_where_the_log_begins() {
        tail_.reset();
        reader_->bounds(room_, [this](Result<Bounds> bounds) {
            if (!bounds) return fail(bounds.error());
            log_.warn("messages_gone", {{"from_seq", at_.value}, {"to_seq", bounds->first.value - 1}});
            at_ = std::max(at_, bounds->first);
            end_ = std::max(end_, at_);
            read_on();
        });
    }

    void follow() {
        const bool past =
            at_ > wanted_.to_seq || (wanted_.to_time && now_ms() - *wanted_.to_time > clock_skew_ms);
        if (past) return finish(0);
        flush();
        tail_ = reader_->tail(room_, at_, *this);
    }

    void on_records(std::span<const channel::RecordView> records) override {
        for (const auto& record : records) {
            show(record);
            at_ = record.seq.next();
        }
        if (done_ || at_ > wanted_.to_seq) return finish(0);
        flush();
    }

    void on_tail_failed(Error error) override {
        if (error.code == Errc::not_found) return go_on_where_the_log_begins();
        fail(error);
    }

    void show(const channel::RecordView& record) {
        if (done_) return;
        done_ = wanted_.ends_before(record.seq, record.time);
        const bool repeat = window_.admit(record.seq, record.time, record.user, record.id).has_value();
        const bool hidden = hidden_ && hidden_->contains(record.seq);
        if (!repeat && !hidden && wanted_.holds(record.seq, record.time))
            output_.line(wire::message_frame(record.value, prefix_bytes_, record.seq));
    }

    void flush() {
        const int failed = output_.flush();
        if (failed == 0) return;
        if (failed == EINTR) {
            exit_code_ = on_signal_code();
        } else if (failed != EPIPE) {
            say("stdout: " + std::generic_category().message(failed));
            exit_code_ = 1;
        }
        io_.stop();  // whoever read it has enough, or nobody can
    }

    void finish(int code) {
        exit_code_ = code;
        flush();
        io_.stop();
    }

    void fail(const Error& error) {
        std::string reason = error.detail.empty() ? std::string(text_of(error.code)) : error.detail;
        if (error.code == Errc::no_such_room) reason = "there is no room " + settings_.room;
        if (error.code == Errc::unavailable && !kafka_trouble_.empty()) reason += " (" + kafka_trouble_ + ')';
        say(reason);
        finish(1);
    }

    static void say(const std::string& text) { std::fprintf(stderr, "roomcast-replay: %s\n", text.c_str()); }

    [[nodiscard]] int on_signal_code() const { return settings_.follow ? 0 : interrupted; }
    void on_signal() { finish(on_signal_code()); }

    const ops::ReplaySettings& settings_;
    const Wanted wanted_;
    ops::Log log_;
    std::string kafka_trouble_;
    boost::asio::io_context io_{1};
    // In local mode these three are one object, in a cluster one each.
    std::shared_ptr<channel::LogReader> reader_;
    std::shared_ptr<channel::LogAdmin> admin_;
    std::shared_ptr<channel::TableLog> table_;
    std::unique_ptr<channel::RoomDirectory> directory_;
    LogId room_;
    HiddenSeqs hidden_;  // messages that were deleted
    std::size_t prefix_bytes_ = 0;
    Seq at_;   // the next to be read
    Seq end_;  // of what the log held at the start
    DedupeWindow window_;
    bool done_ = false;  // nothing wanted comes after what was read
    Output output_;
    std::unique_ptr<channel::Tail> tail_;
    int exit_code_ = 0;
};

}  // namespace

int run_replay(const ops::ReplaySettings& settings) { return Replay(settings).run(); }

}  // namespace roomcast::consumer
