#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "shared/channel/channel.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::test {

/// The channel in memory, on one io_context: what a Kafka or SQLite channel does on a good day, and on the
/// bad days that a test asks for. Answers are posted, never given inside the call, as channel.hpp promises.
///
/// Outlives everything that uses it.
class FakeChannel final : public channel::LogReader,
                          public channel::LogAdmin,
                          public channel::TableLog,
                          public channel::Appender {
public:
    explicit FakeChannel(boost::asio::io_context& io) : io_(io) {}

    // What a test does to the logs.

    void make_log(const LogId& log) { logs_[log]; }
    /// Appends a message as an edge would; answers its seq.
    Seq say(const LogId& log, std::string_view user, std::string_view id, std::string_view text,
            TimeMs time = now_ms()) {
        const auto user_name = UserName::trusted(std::string(user));
        const auto message = MessageId::trusted(std::string(id));
        return keep(
            log, {message, user_name, time, wire::message_record(log.room, message, user_name, text, time)});
    }
    /// Messages "m<seq>" by bob, `count` of them.
    void say_many(const LogId& log, int count, TimeMs time = now_ms()) {
        for (int i = 0; i < count; ++i) {
            const std::string id = "m" + std::to_string(logs_.at(log).next.value);
            say(log, "bob", id, id, time);
        }
    }
    /// Leaves out seqs, as Kafka may.
    void skip(const LogId& log, std::int64_t seqs) { logs_.at(log).next.value += seqs; }
    /// Retention: everything below `first` is gone.
    void trim(const LogId& log, Seq first) {
        auto& held = logs_.at(log);
        held.first = first;
        while (!held.records.empty() && held.records.front().seq < first) held.records.pop_front();
    }
    /// Loses the newest records, as a broker that lost power may.
    void lose_from(const LogId& log, Seq next) {
        auto& held = logs_.at(log);
        held.next = next;
        while (!held.records.empty() && held.records.back().seq >= next) held.records.pop_back();
    }
    void lose_log(const LogId& log) {
        logs_.erase(log);
        fail_tails(log, Error{Errc::room_gone, "deleted behind our back"});
    }
    void fail_tails(const LogId& log, const Error& error) {
        for (FakeTail* const tail : tails_)
            if (tail->log == log) post([tail, error] { tail->sink.on_tail_failed(error); }, tail->alive);
    }

    // What goes wrong.

    int failing_bounds = 0;  // so many requests fail
    int failing_reads = 0;
    int failing_creates = 0;
    int failing_table_appends = 0;
    Errc failure = Errc::unavailable;
    bool table_out_of_reach = false;  // nothing is shown or answered
    bool hold_tails = false;          // `let_go` shows what was appended meanwhile
    bool hold_reads = false;          // answers wait for `let_go`
    bool hold_reports = false;        // outcomes of appends come when a writer collects them
    bool hold_appends = false;        // the records wait for `let_go`, with their outcomes
    bool queue_full = false;
    std::int64_t tails_behind = 0;  // what each tail says of itself
    std::function<void()> before_read_answer;

    void let_go() {
        hold_tails = hold_reads = hold_appends = false;
        for (auto& held : std::exchange(held_, {})) held();
        for (FakeTail* const tail : tails_) serve(*tail);
    }

    // What can be looked at.

    [[nodiscard]] bool has_log(const LogId& log) const { return logs_.contains(log); }
    [[nodiscard]] std::size_t log_count() const { return logs_.size(); }
    [[nodiscard]] std::size_t tail_count() const { return tails_.size(); }
    [[nodiscard]] channel::LogOptions options(const LogId& log) const { return logs_.at(log).options; }
    [[nodiscard]] Seq next(const LogId& log) const { return logs_.at(log).next; }
    struct Row {
        std::string key;
        std::optional<std::string> value;
    };
    [[nodiscard]] const std::vector<Row>& table(Slot slot) { return tables_[slot]; }
    /// The newest value of a key; none when there is none or it was deleted.
    [[nodiscard]] std::optional<std::string> value_of(Slot slot, const std::string& key) {
        std::optional<std::string> value;
        for (const Row& row : tables_[slot])
            if (row.key == key) value = row.value;
        return value;
    }
    int creates = 0;
    int reads = 0;
    int writers_open = 0;
    std::size_t largest_read = 0;  // records in one answer

    // LogReader

    void bounds(const LogId& log, channel::Callback<channel::Bounds> done) override {
        const bool fails = take(failing_bounds);
        post([this, log, fails, done = std::move(done)] {
            if (fails) return done(Error{failure, "asked to fail"});
            const auto found = logs_.find(log);
            if (found == logs_.end()) return done(Errc::room_gone);
            done(channel::Bounds{found->second.first, found->second.next});
        });
    }
    void read(const LogId& log, channel::ReadRange range,
              channel::Callback<channel::ReadResult> done) override {
        const bool fails = take(failing_reads);
        ++reads;
        auto answer = [this, log, range, fails, done = std::move(done)] {
            if (before_read_answer) before_read_answer();
            if (fails) return done(Error{failure, "asked to fail"});
            done(result_of(log, range));
        };
        if (hold_reads) return static_cast<void>(held_.emplace_back(std::move(answer)));
        post(std::move(answer));
    }
    void seek(const LogId& log, TimeMs time, channel::Callback<Seq> done) override {
        post([this, log, time, done = std::move(done)] {
            const auto found = logs_.find(log);
            if (found == logs_.end()) return done(Errc::room_gone);
            for (const auto& stored : found->second.records)
                if (stored.record.time >= time) return done(stored.seq);
            done(found->second.next);
        });
    }
    std::unique_ptr<channel::Tail> tail(const LogId& log, Seq from, channel::TailSink& sink) override {
        auto made = std::make_unique<FakeTail>(*this, log, from, sink);
        serve(*made);
        return made;
    }

    // LogAdmin

    void create(const LogId& log, channel::LogOptions options, channel::Callback<void> done) override {
        ++creates;
        const bool fails = take(failing_creates);
        if (!fails && !logs_.contains(log)) logs_[log].options = options;
        post([this, fails, done = std::move(done)] {
            if (fails) return done(Error{failure, "asked to fail"});
            done({});
        });
    }
    void configure(const LogId& log, channel::LogOptions options, channel::Callback<void> done) override {
        const auto found = logs_.find(log);
        if (found != logs_.end()) found->second.options = options;
        post([known = found != logs_.end(), done = std::move(done)] {
            if (!known) return done(Errc::room_gone);
            done({});
        });
    }
    void remove(const LogId& log, channel::Callback<void> done) override {
        lose_log(log);
        post([done = std::move(done)] { done({}); });
    }

    // TableLog

    void append(Slot slot, std::string key, std::optional<std::string> value,
                channel::Callback<Seq> done) override {
        if (table_out_of_reach) return;
        if (take(failing_table_appends)) {
            post([this, done = std::move(done)] { done(Error{failure, "asked to fail"}); });
            return;
        }
        auto& rows = tables_[slot];
        const Seq seq{static_cast<std::int64_t>(rows.size())};
        rows.push_back({std::move(key), std::move(value)});
        post([done = std::move(done), seq] { done(seq); });
        for (FakeFollowing* const following : followings_)
            if (following->slot == slot) serve(*following);
    }
    std::unique_ptr<channel::Following> follow(Slot slot, channel::TableSink& sink) override {
        auto made = std::make_unique<FakeFollowing>(*this, slot, sink);
        made->current_at = tables_[slot].size();
        serve(*made);
        return made;
    }

    // Appender

    void report_to(channel::AppendListener& listener) { listener_ = &listener; }
    std::unique_ptr<channel::LogWriter> open(const LogId& log) override {
        return std::make_unique<FakeWriter>(*this, log);
    }
    [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }
    std::optional<Error> append_error;  // the outcome of appends instead of a seq; nothing is kept

private:
    struct HeldLog {
        Seq first{0};
        Seq next{0};
        std::deque<channel::StoredRecord> records;
        channel::LogOptions options;
    };
    struct FakeTail final : channel::Tail {
        FakeTail(FakeChannel& owner, LogId tailed, Seq from, channel::TailSink& to)
            : channel(owner), log(std::move(tailed)), next(from), sink(to) {
            channel.tails_.insert(this);
        }
        ~FakeTail() override {
            *alive = false;
            channel.tails_.erase(this);
        }
        [[nodiscard]] std::int64_t behind() const override { return channel.tails_behind; }
        FakeChannel& channel;
        LogId log;
        Seq next;
        channel::TailSink& sink;
        std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    };
    struct FakeFollowing final : channel::Following {
        FakeFollowing(FakeChannel& owner, Slot followed, channel::TableSink& to)
            : channel(owner), slot(followed), sink(to) {
            channel.followings_.insert(this);
        }
        ~FakeFollowing() override {
            *alive = false;
            channel.followings_.erase(this);
        }
        FakeChannel& channel;
        Slot slot;
        channel::TableSink& sink;
        std::size_t shown = 0;
        std::size_t current_at = 0;
        bool told_current = false;
        std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    };
    struct FakeWriter final : channel::LogWriter {
        FakeWriter(FakeChannel& owner, LogId written) : channel(owner), log(std::move(written)) {
            ++channel.writers_open;
        }
        ~FakeWriter() override { --channel.writers_open; }
        Result<void> append(channel::Record record, channel::AppendTicket ticket) override {
            if (channel.queue_full) return Errc::busy;
            ++channel.in_flight_;
            auto land = [owner = &channel, to = log, record = std::move(record), ticket]() mutable {
                owner->land(to, std::move(record), ticket);
            };
            if (channel.hold_appends)
                channel.held_.emplace_back(std::move(land));
            else
                land();
            return {};
        }
        void collect() override {
            for (auto& report : std::exchange(channel.reports_, {})) report();
        }
        FakeChannel& channel;
        LogId log;
    };

    static bool take(int& failures) { return failures > 0 && failures-- > 0; }
    void post(std::function<void()> call, std::shared_ptr<bool> alive = nullptr) {
        boost::asio::post(io_, [call = std::move(call), alive = std::move(alive)] {
            if (!alive || *alive) call();
        });
    }
    Seq keep(const LogId& log, channel::Record record) {
        auto& held = logs_.at(log);
        const Seq seq = held.next;
        held.next = seq.next();
        held.records.push_back({seq, std::move(record)});
        if (!hold_tails)
            for (FakeTail* const tail : tails_)
                if (tail->log == log) serve(*tail);
        return seq;
    }
    void land(const LogId& log, channel::Record record, channel::AppendTicket ticket) {
        Result<Seq> outcome = append_error ? Result<Seq>(*append_error) : Result<Seq>(Errc::room_gone);
        if (!append_error && logs_.contains(log)) outcome = keep(log, std::move(record));
        auto report = [this, ticket, outcome] {
            --in_flight_;
            if (outcome) return listener_->on_appended(ticket, *outcome);
            listener_->on_append_failed(ticket, outcome.error());
        };
        if (hold_reports)
            reports_.emplace_back(std::move(report));
        else
            post(std::move(report));
    }
    Result<channel::ReadResult> result_of(const LogId& log, const channel::ReadRange& range) {
        const auto found = logs_.find(log);
        if (found == logs_.end()) return Errc::room_gone;
        if (range.from < found->second.first) return Errc::not_found;
        channel::ReadResult result;
        std::size_t bytes = 0;
        const Seq until = std::min(range.until, found->second.next);
        for (const auto& stored : found->second.records) {
            if (stored.seq < range.from || stored.seq >= until) continue;
            const bool full = static_cast<int>(result.records.size()) >= range.max_records ||
                              bytes + stored.record.value.size() > range.max_bytes;
            if (full && !result.records.empty()) {
                result.next = result.records.back().seq.next();
                return result;
            }
            bytes += stored.record.value.size();
            result.records.push_back(stored);
            largest_read = std::max(largest_read, result.records.size());
        }
        result.next = range.until;
        return result;
    }
    void serve(FakeTail& tail) {
        post(
            [this, &tail] {
                const auto found = logs_.find(tail.log);
                if (found == logs_.end() || hold_tails) return;
                std::vector<channel::StoredRecord> fresh;
                for (const auto& stored : found->second.records)
                    if (stored.seq >= tail.next) fresh.push_back(stored);
                if (fresh.empty()) return;
                tail.next = fresh.back().seq.next();
                std::vector<channel::RecordView> views;
                views.reserve(fresh.size());
                for (const auto& [seq, record] : fresh)
                    views.push_back({seq, record.time, record.id.str(), record.user.str(), record.value});
                tail.sink.on_records(views);
            },
            tail.alive);
    }
    void serve(FakeFollowing& following) {
        post(
            [this, &following, alive = following.alive] {
                if (table_out_of_reach) return;
                while (*alive && following.shown < tables_[following.slot].size()) {
                    if (following.shown == following.current_at) tell_current(following);
                    const Row row = tables_[following.slot][following.shown];
                    const Seq seq{static_cast<std::int64_t>(following.shown++)};
                    const auto value = row.value ? std::optional<std::string_view>(*row.value) : std::nullopt;
                    following.sink.on_table_record({following.slot, seq, row.key, value});
                }
                if (*alive) tell_current(following);
            },
            following.alive);
    }
    static void tell_current(FakeFollowing& following) {
        if (std::exchange(following.told_current, true)) return;
        following.sink.on_slot_current(following.slot);
    }

    boost::asio::io_context& io_;
    std::map<LogId, HeldLog> logs_;
    std::map<Slot, std::vector<Row>> tables_;
    std::set<FakeTail*> tails_;
    std::set<FakeFollowing*> followings_;
    std::vector<std::function<void()>> held_;
    std::vector<std::function<void()>> reports_;
    channel::AppendListener* listener_ = nullptr;
    std::size_t in_flight_ = 0;
};

}  // namespace roomcast::test
