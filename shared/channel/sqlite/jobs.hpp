#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/channel/sqlite/store.hpp"

/// What passes between the owner's thread and the worker: a job goes over with its question, and comes back
/// as the same object with its answer. Callbacks travel along but are called on the owner's thread only.
namespace roomcast::channel::sqlite {

using TailId = std::uint64_t;
using FollowingId = std::uint64_t;

// A page is larger than the writes of two turns of the worker, so whoever catches up gets there (README.md).
inline constexpr std::size_t batch_jobs = 2'048;
inline constexpr std::size_t batch_bytes = 1024 * 1024;
inline constexpr int page_records = 8'192;
inline constexpr std::size_t page_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t batch_reads_bytes =
    8 * 1024 * 1024;  // read in one turn, by the jobs' own limits

struct AppendJob {
    std::shared_ptr<const LogId> log;  // shared by all appends of a writer
    Record record;
    AppendTicket ticket = 0;
    std::size_t bytes = 0;
    Result<Seq> answer = Errc::internal;
};

struct CreateJob {
    LogId log;
    LogOptions options;
    Callback<void> done;
    Result<void> answer = Errc::internal;
};

struct ConfigureJob {
    LogId log;
    LogOptions options;
    Callback<void> done;
    Result<void> answer = Errc::internal;
};

struct RemoveJob {
    LogId log;
    Callback<void> done;
    Result<void> answer = Errc::internal;
};

struct TableAppendJob {
    Slot slot;
    std::string key;
    std::optional<std::string> value;
    Callback<Seq> done;
    Result<Seq> answer = Errc::internal;
};

struct BoundsJob {
    LogId log;
    Callback<Bounds> done;
    Result<Bounds> answer = Errc::internal;
};

struct RangeJob {
    LogId log;
    ReadRange range;
    Callback<ReadResult> done;
    Result<ReadResult> answer = Errc::internal;
};

struct SeekJob {
    LogId log;
    TimeMs time = 0;
    Callback<Seq> done;
    Result<Seq> answer = Errc::internal;
};

struct TailPageJob {
    TailId tail = 0;
    LogId log;
    Seq from;
    Result<TailPage> answer = Errc::internal;
};

struct TablePageJob {
    FollowingId following = 0;
    Slot slot;
    Seq from;
    Result<TablePage> answer = Errc::internal;
};

using WriteJob = std::variant<AppendJob, CreateJob, ConfigureJob, RemoveJob, TableAppendJob>;
using ReadJob = std::variant<BoundsJob, RangeJob, SeekJob, TailPageJob, TablePageJob>;

[[nodiscard]] std::size_t cost_bytes(const WriteJob& job);
[[nodiscard]] std::size_t cost_bytes(const ReadJob& job);

/// Another process has written to the file.
struct FileChanged {};

using Finished = std::variant<std::vector<WriteJob>, std::vector<ReadJob>, FileChanged>;

}  // namespace roomcast::channel::sqlite
