#include "consumer/history_reader.hpp"

#include <algorithm>

#include "consumer/dedupe_window.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::consumer {
namespace {

using channel::Bounds;
using channel::ReadResult;
using Kind = link::ReadHistory::Kind;

constexpr std::int64_t first_look_back =
    256;                            // records; most rooms are slow enough for that to reach two minutes back
constexpr int most_extensions = 9;  // of a page that repeats or gaps left short: past a whole dedupe window

/// One read under way: finds the range, reads it with enough before it to know repeats, and cuts the page.
class Reading : public std::enable_shared_from_this<Reading> {
public:
    Reading(channel::LogReader& reader, std::shared_ptr<bool> alive, LogId log, HistoryQuery query,
            channel::Callback<HistoryResult> done)
        : reader_(reader),
          alive_(std::move(alive)),
          log_(std::move(log)),
          query_(std::move(query)),
          done_(std::move(done)),
          prefix_bytes_(wire::record_prefix(log_.room).size()),
          reach_(query_.limit) {}

    void start() {
        reader_.bounds(log_, [self = shared_from_this()](Result<Bounds> bounds) {
            if (!*self->alive_) return;
            if (!bounds) return self->fail(bounds.error());
            self->bounds_ = *bounds;
            self->find_range();
        });
    }

private:
    void fail(const Error& error) { done_(error); }

    void find_range() {
        end_ = std::min(bounds_.next, query_.until);
        switch (query_.kind) {
            case Kind::latest:
                return range_before(end_);
            case Kind::before:
                return range_before(std::min(query_.seq, end_));
            case Kind::after:
                return range_after(query_.seq.next());
            case Kind::from_time:
                reader_.seek(log_, query_.time, [self = shared_from_this()](Result<Seq> found) {
                    if (!*self->alive_) return;
                    if (!found) return self->fail(found.error());
                    self->range_after(*found);
                });
                return;
        }
    }

    void range_after(Seq from) {
        from_ = std::clamp(from, bounds_.first, std::max(bounds_.first, end_));
        look_back(first_look_back);
    }

    void range_before(Seq before) {
        backwards_ = true;
        end_ = std::max(before, bounds_.first);
        from_ = std::max(bounds_.first, Seq{end_.value - query_.limit});
        look_back(first_look_back);
    }

    void look_back(std::int64_t records) {
        read_from_ = std::max(bounds_.first, Seq{from_.value - records});
        records_.clear();
        bytes_ = 0;
        shown_ = 0;
        read_on(read_from_);
    }

    void read_on(Seq at) {
        if (at >= end_ || enough()) return judge(at);
        const int most =
            backwards_ ? static_cast<int>(std::min<std::int64_t>(4096, end_.value - at.value))
                       : static_cast<int>(std::max<std::int64_t>(0, from_.value - at.value)) + reach_ + 1;
        reader_.read(log_, {at, end_, std::min(most, 4096), 2 * limits::history_page_bytes},
                     [self = shared_from_this()](Result<ReadResult> read) {
                         if (!*self->alive_) return;
                         if (!read) return self->fail(read.error());
                         for (auto& stored : read->records) {
                             if (stored.seq >= self->from_) {
                                 ++self->shown_;
                                 self->bytes_ += stored.record.value.size();
                             }
                             self->records_.push_back(std::move(stored));
                         }
                         self->read_on(read->next);
                     });
    }

    /// Reading forwards ends when the page is full; reading backwards, the range is the page.
    [[nodiscard]] bool enough() const {
        return !backwards_ && (shown_ > reach_ || bytes_ > query_.max_bytes);
    }

    void judge(Seq read_to) {
        const auto first_shown = std::find_if(records_.begin(), records_.end(),
                                              [&](const auto& stored) { return stored.seq >= from_; });
        // Is there enough before the first record to be shown to know whether it repeats one?
        if (first_shown != records_.end() && read_from_ > bounds_.first) {
            const auto& earliest = records_.front();
            if (!DedupeWindow::reaches_back(std::min(earliest.seq, read_from_), earliest.record.time,
                                            first_shown->seq, first_shown->record.time))
                return look_back(std::min(std::max<std::int64_t>(from_.value - read_from_.value, 1) * 8,
                                          limits::dedupe_window_records));
        }
        cut(read_to);
    }

    void cut(Seq read_to) {
        DedupeWindow window;
        std::vector<link::Entry> entries;
        std::size_t messages = 0;
        for (auto& stored : records_) {
            const auto first = window.admit(stored.seq, stored.record.time, stored.record.user.str(),
                                            stored.record.id.str());
            if (stored.seq < from_) continue;
            link::Entry entry{stored.seq,
                              stored.record.time,
                              first.value_or(stored.seq),
                              {},
                              wire::deletes(stored.record.value, prefix_bytes_)};
            if (!first && !(query_.hidden && query_.hidden->contains(stored.seq))) {
                entry.frame = wire::message_frame(stored.record.value, prefix_bytes_, stored.seq);
                ++messages;
            } else if (!query_.with_repeats) {
                continue;
            }
            entries.push_back(std::move(entry));
        }
        if (backwards_ && messages < static_cast<std::size_t>(query_.limit) && from_ > bounds_.first &&
            extensions_ < most_extensions) {
            // Repeats or gaps left the page short: begin further back.
            ++extensions_;
            const std::int64_t further = std::max<std::int64_t>(32, query_.limit) << extensions_;
            from_ = std::max(bounds_.first, Seq{from_.value - further});
            return look_back(first_look_back);
        }
        if (!backwards_ && messages == 0 && !query_.with_repeats && read_to < end_) {
            // Nothing but repeats, and more behind them: who asks on from the last message would be given
            // them again.
            from_ = read_to;
            reach_ = std::min(2 * reach_, 4096);
            return look_back(first_look_back);
        }
        HistoryResult result;
        result.bounds = bounds_;
        result.covered = std::max(read_to, from_).previous();
        result.more = backwards_ ? from_ > bounds_.first : read_to < end_;
        result.entries = std::move(entries);
        trim(result);
        done_(std::move(result));
    }

    /// Leaves at most `limit` messages and `max_bytes`: the newest when reading backwards, else the oldest.
    void trim(HistoryResult& result) const {
        auto& entries = result.entries;
        std::size_t bytes = 0;
        int messages = 0;
        const auto fits = [&](const link::Entry& entry) {
            if (!entry.shown()) return true;
            bytes += entry.frame.size();
            ++messages;
            return messages <= query_.limit && (bytes <= query_.max_bytes || messages == 1);
        };
        if (backwards_) {
            const auto cut = std::find_if_not(entries.rbegin(), entries.rend(), fits);
            if (cut == entries.rend()) return;
            entries.erase(entries.begin(), cut.base());
            result.more = true;
        } else {
            const auto cut = std::find_if_not(entries.begin(), entries.end(), fits);
            if (cut == entries.end()) return;
            result.covered = cut->seq.previous();
            entries.erase(cut, entries.end());
            result.more = true;
        }
    }

    channel::LogReader& reader_;
    std::shared_ptr<bool> alive_;
    LogId log_;
    HistoryQuery query_;
    channel::Callback<HistoryResult> done_;
    std::size_t prefix_bytes_;
    Bounds bounds_{};
    Seq from_;       // the first seq that may be shown
    Seq end_;        // nothing at or above is read
    Seq read_from_;  // where the look back begins
    bool backwards_ = false;
    int extensions_ = 0;
    int reach_;  // reading forwards: so many records make a page
    int shown_ = 0;
    std::size_t bytes_ = 0;
    std::vector<channel::StoredRecord> records_;
};

}  // namespace

void HistoryReader::read(const LogId& log, HistoryQuery query, channel::Callback<HistoryResult> done) {
    std::make_shared<Reading>(reader_, alive_, log, std::move(query), std::move(done))->start();
}

}  // namespace roomcast::consumer
