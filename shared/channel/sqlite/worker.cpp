#include "shared/channel/sqlite/worker.hpp"

#include <stdexcept>
#include <utility>

#include "shared/channel/sqlite/schema.hpp"
#include "shared/core/thread_name.hpp"

namespace roomcast::channel::sqlite {
namespace {

constexpr std::chrono::milliseconds poll_interval{200};  // for another process's commits

std::filesystem::path file_to_open(const SqliteOptions& options, Database::Mode mode) {
    auto file = database_path(options.data_dir);
    if (mode == Database::Mode::read_only && !std::filesystem::exists(file)) {
        throw std::runtime_error("there is no " + file.string() + " to read");
    }
    return file;
}

/// Whether a COMMIT that failed with this code has surely left nothing that a later recovery would bring
/// back. The commit record is the last thing written, so when writing failed it is not there whole. Past that
/// point (the fsync, the log's index) it may be.
bool surely_not_kept(int extended_code) {
    const int code = extended_code & 0xff;
    return code == SQLITE_FULL || code == SQLITE_BUSY || extended_code == SQLITE_IOERR_WRITE;
}

template <class Job>
void fail(std::vector<Job>& jobs, const Error& error) {
    for (Job& job : jobs) std::visit([&](auto& each) { each.answer = error; }, job);
}

}  // namespace

Worker::Worker(const SqliteOptions& options, Database::Mode mode, std::function<void()> announce)
    : mode_(mode),
      sweep_interval_(options.retention_check_ms),
      lock_(read_only() ? nullptr : std::make_unique<DataDirLock>(options.data_dir)),
      database_(file_to_open(options, mode), mode),
      next_sweep_(Clock::now()),
      finished_(std::move(announce)) {
    if (read_only()) {
        check_schema(database_);
        store_.emplace(database_, options.default_retention_ms);
        data_version_ = database_.integer("PRAGMA data_version");
    } else {
        prepare_schema(database_);
        sync_directory(options.data_dir);
        store_.emplace(database_, options.default_retention_ms);
        Transaction transaction(database_, Transaction::Kind::write);
        store_->drop_tombstones();
        transaction.commit();
    }
    thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
    jobs_.stop();
    thread_.join();
}

void Worker::run() {
    name_this_thread("sqlite");
    bool more = false;  // a whole turn's jobs wait: they need no pause to come together
    for (;;) {
        const auto until = read_only() ? Clock::now() + poll_interval : next_sweep_;
        if (!more) std::this_thread::sleep_until(pace_.next());
        JobQueue::Work work = jobs_.take(until);
        more = work.more;
        if (!work.writes.empty()) {
            pace_.began(Clock::now(), work.writes.size());
            write(work.writes);
            finished_.push(std::move(work.writes));
        }
        if (!work.reads.empty()) {
            read(work.reads);
            finished_.push(std::move(work.reads));
        }
        if (work.stopping) {
            if (!work.more) return;
            continue;
        }
        if (read_only()) {
            look_for_changes();
        } else {
            database_.checkpoint_when_due();
            sweep_when_due();
        }
    }
}

void Worker::write(std::vector<WriteJob>& jobs) {
    bool committing = false;
    try {
        Transaction transaction(database_, Transaction::Kind::write);
        for (WriteJob& job : jobs) std::visit([this](auto& each) { execute(each); }, job);
        store_->flush();
        committing = true;
        transaction.commit();
    } catch (const SqlError& error) {
        store_->forget();
        const bool unknown = committing && !surely_not_kept(error.extended_code());
        fail(jobs, {unknown ? Errc::unknown_outcome : Errc::unavailable, error.what()});
    }
}

void Worker::read(std::vector<ReadJob>& jobs) {
    try {
        if (read_only()) store_->forget();
        Transaction one_view(database_, Transaction::Kind::read);
        for (ReadJob& job : jobs) std::visit([this](auto& each) { execute(each); }, job);
        one_view.commit();
    } catch (const SqlError& error) {
        fail(jobs, {Errc::unavailable, error.what()});
    }
}

void Worker::sweep_when_due() {
    if (Clock::now() < next_sweep_) return;
    bool more = false;
    try {
        Transaction transaction(database_, Transaction::Kind::write);
        more = store_->sweep(now_ms());
        transaction.commit();
    } catch (const SqlError&) {
        store_->forget();  // nothing was deleted; it is due again after the interval
    }
    if (!more) next_sweep_ = Clock::now() + sweep_interval_;
}

void Worker::look_for_changes() {
    try {
        const auto version = database_.integer("PRAGMA data_version");
        if (std::exchange(data_version_, version) != version) finished_.push(FileChanged{});
    } catch (const SqlError&) {
        // Looked at again after the interval; whoever asks meanwhile is told by their own request.
    }
}

void Worker::execute(AppendJob& job) { job.answer = store_->append(*job.log, job.record); }

void Worker::execute(CreateJob& job) {
    store_->create(job.log, job.options);
    job.answer = {};
}

void Worker::execute(ConfigureJob& job) {
    job.answer = store_->configure(job.log, job.options);
    next_sweep_ = Clock::now();
}

void Worker::execute(RemoveJob& job) {
    store_->remove(job.log);
    job.answer = {};
    next_sweep_ = Clock::now();
}

void Worker::execute(TableAppendJob& job) {
    job.answer = store_->append_to_table(job.slot, job.key, job.value);
}
void Worker::execute(BoundsJob& job) { job.answer = store_->bounds(job.log); }
void Worker::execute(RangeJob& job) { job.answer = store_->read(job.log, job.range); }
void Worker::execute(SeekJob& job) { job.answer = store_->seek(job.log, job.time); }

void Worker::execute(TailPageJob& job) {
    job.answer = store_->read_tail(job.log, job.from, page_records, page_bytes);
}

void Worker::execute(TablePageJob& job) {
    job.answer = store_->read_table(job.slot, job.from, page_records, page_bytes);
}

}  // namespace roomcast::channel::sqlite
