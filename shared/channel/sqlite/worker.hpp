#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "shared/channel/sqlite/commit_pace.hpp"
#include "shared/channel/sqlite/data_dir.hpp"
#include "shared/channel/sqlite/database.hpp"
#include "shared/channel/sqlite/job_queue.hpp"
#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "shared/channel/sqlite/store.hpp"

namespace roomcast::channel::sqlite {

/// The thread on which all SQL runs. Owned by the Frontend; opened on the owner's thread, so that errors at
/// start are thrown there, and from then on alone with the database. The destructor finishes every job that
/// was pushed and joins.
///
/// One turn: the queued writes in one transaction, their answers; then the queued reads, their answers; then
/// a checkpoint or a step of the sweep where they are due. Answers of a turn go back before the next turn's.
/// While there is much to write turns are some time apart (CommitPace).
class Worker {
public:
    Worker(const SqliteOptions& options, Database::Mode mode, std::function<void()> announce);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] JobQueue& jobs() { return jobs_; }
    [[nodiscard]] FinishedQueue& finished() { return finished_; }
    [[nodiscard]] bool read_only() const { return mode_ == Database::Mode::read_only; }

private:
    using Clock = std::chrono::steady_clock;

    void run();
    void write(std::vector<WriteJob>& jobs);
    void read(std::vector<ReadJob>& jobs);
    void sweep_when_due();
    void look_for_changes();

    void execute(AppendJob& job);
    void execute(CreateJob& job);
    void execute(ConfigureJob& job);
    void execute(RemoveJob& job);
    void execute(TableAppendJob& job);
    void execute(BoundsJob& job);
    void execute(RangeJob& job);
    void execute(SeekJob& job);
    void execute(TailPageJob& job);
    void execute(TablePageJob& job);

    const Database::Mode mode_;
    const std::chrono::milliseconds sweep_interval_;
    std::unique_ptr<DataDirLock> lock_;  // of the server; let go after the database
    Database database_;
    std::optional<Store> store_;  // prepared when the schema is there
    Clock::time_point next_sweep_;
    CommitPace pace_;
    std::int64_t data_version_ = 0;
    JobQueue jobs_;
    FinishedQueue finished_;
    std::thread thread_;
};

}  // namespace roomcast::channel::sqlite
