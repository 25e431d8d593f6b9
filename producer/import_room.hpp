#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/core/errors.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::producer {

/// One line of an import on its way.
struct ImportItem {
    std::uint64_t line = 0;
    channel::Record record;
    int tries = 0;
    bool maybe_kept = false;  // an attempt ended with its outcome unknown
};

struct FailedItem {
    ImportItem item;
    Error error;  // of its last attempt
};

/// One room of an import. A value of the Importer's.
struct ImportRoom {
    RoomSlug slug;
    UserName creator;
    std::optional<LogId> log;      // none: not opened yet
    std::optional<Error> refused;  // cannot be opened, or is gone: its lines fail
    std::deque<ImportItem> waiting;
    std::size_t in_flight = 0;
    std::vector<FailedItem> failed;  // and may be sent again; while there are any, nothing is sent
    std::uint64_t last_kept_line = 0;
    int open_tries = 0;
    bool resting = false;  // between two attempts
    bool stalled = false;  // waits for the end of this turn's outcomes
};

/// What becomes of a room's failed items, each list in the order of the input.
struct RetryPlan {
    std::vector<ImportItem> again;
    std::vector<std::pair<ImportItem, std::string_view>> given_up;  // with the reason
};

/// Decides what is sent again, when nothing of the room is in flight any more.
///
/// The order that readers see is that of each message's *first* record, since they drop repeats. So sending
/// an item again is harmless if it is in the log already, and right if nothing of a later line is in the log.
/// An item that is not in the log while a later one is (or may be) could only come out of order, and is given
/// up, reported by its line. Hence, by the last attempts' outcomes:
///
/// - before a kept line: given up. What is left has nothing kept behind it.
/// - refused, before one of unknown outcome: given up, as that one may be in the log.
/// - so what is left is unknown ones, then refused ones. Whatever broke off one writer's appends left a
/// beginning
///   of them in the log and no more: they are kept in the order of the calls, and the broker takes an
///   idempotent producer's batches in sequence only. Sent again in order, that beginning is dropped as
///   repeats and the rest follows in order: no reader sees anything but the order of the input.
///
/// Beyond that lies one case only: what was sent after a break, before the break was reported, breaks off too
/// and is in the log all the same. The channel does not tell it from one break, and so a reader could see it
/// first.
///
/// An item that may be in the log is sent again only while it is younger than `unknown_age_ms`: later,
/// others' messages might have pushed its first record out of the dedupe window, and it would be shown twice.
[[nodiscard]] RetryPlan plan_retries(std::vector<FailedItem> failed, std::uint64_t last_kept_line,
                                     int most_tries, std::int64_t unknown_age_ms, TimeMs now);

}  // namespace roomcast::producer
