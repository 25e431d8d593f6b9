#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/wire/link_messages.hpp"

namespace roomcast::consumer {

/// Which messages of a log are wanted.
struct HistoryQuery {
    link::ReadHistory::Kind kind = link::ReadHistory::Kind::latest;
    Seq seq;          // before, after
    TimeMs time = 0;  // from_time
    int limit = limits::history_default_messages;
    std::size_t max_bytes = limits::history_page_bytes;
    Seq until = Seq{INT64_MAX};  // read nothing at or above
    bool with_repeats = false;   // give repeats and deleted messages too, as entries without a frame
    HiddenSeqs hidden;           // deleted messages
};

/// Messages oldest first. `covered`: everything wanted up to this seq is here. `more`: there is more that
/// way.
struct HistoryResult {
    std::vector<link::Entry> entries;
    Seq covered;
    bool more = false;
    channel::Bounds bounds;
};

/// Reads ranges of logs with repeats left out, exactly as the live reader leaves them out.
///
/// Lives on its LogReader's thread. Several reads may be under way; each holds at most one page and its
/// dedupe window. Destroying it drops the answers.
class HistoryReader {
public:
    explicit HistoryReader(channel::LogReader& reader)
        : reader_(reader), alive_(std::make_shared<bool>(true)) {}
    ~HistoryReader() { *alive_ = false; }
    HistoryReader(const HistoryReader&) = delete;
    HistoryReader& operator=(const HistoryReader&) = delete;

    void read(const LogId& log, HistoryQuery query, channel::Callback<HistoryResult> done);

private:
    channel::LogReader& reader_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
