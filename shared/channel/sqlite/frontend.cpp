#include "shared/channel/sqlite/frontend.hpp"

#include <chrono>
#include <type_traits>
#include <utility>

#include <boost/asio/post.hpp>

namespace roomcast::channel::sqlite {
namespace {

constexpr std::chrono::seconds retry_interval{1};   // after the table could not be read
constexpr std::size_t append_overhead_bytes = 128;  // what a queued append takes beside its texts

template <class Job>
constexpr bool writes = std::is_constructible_v<WriteJob, Job>;

}  // namespace

std::shared_ptr<Frontend> Frontend::start(boost::asio::io_context& io, const SqliteOptions& options,
                                          Database::Mode mode) {
    std::shared_ptr<Frontend> frontend(new Frontend(io, options, mode));
    auto announce = [&io, weak = std::weak_ptr(frontend)] {
        boost::asio::post(io, [weak] {
            if (const auto self = weak.lock()) self->deliver();
        });
    };
    frontend->worker_ = std::make_unique<Worker>(options, mode, std::move(announce));
    return frontend;
}

Frontend::Frontend(boost::asio::io_context& io, const SqliteOptions& options, Database::Mode mode)
    : io_(io),
      queue_messages_(options.queue_messages),
      queue_bytes_(options.queue_kbytes * 1024),
      tails_(mode == Database::Mode::read_write),
      followings_(mode == Database::Mode::read_write),
      retry_(io) {}

void Frontend::close() {
    closed_ = true;
    tails_.clear();
    followings_.clear();
    retry_.cancel();
    worker_.reset();
}

Result<void> Frontend::append(const std::shared_ptr<const LogId>& log, Record record, AppendTicket ticket) {
    if (closed_) return Error{Errc::unavailable, "the log is closed"};
    if (worker_->read_only()) return Error{Errc::forbidden, "the log is open for reading only"};
    if (listener_ == nullptr) return Error{Errc::internal, "nobody hears how appends end"};
    if (record.value.size() > limits::record_value_bytes) return Errc::too_large;
    const std::size_t bytes =
        append_overhead_bytes + record.id.str().size() + record.user.str().size() + record.value.size();
    if (in_flight_ >= queue_messages_ || in_flight_bytes_ + bytes > queue_bytes_) return Errc::busy;
    ++in_flight_;
    in_flight_bytes_ += bytes;
    worker_->jobs().push(
        AppendJob{.log = log, .record = std::move(record), .ticket = ticket, .bytes = bytes});
    return {};
}

template <class Job>
void Frontend::request(Job job) {
    const bool forbidden = writes<Job> && worker_->read_only();
    if (!forbidden && requests_ < SqliteChannel::request_queue) {
        ++requests_;
        worker_->jobs().push(std::move(job));
        return;
    }
    job.answer =
        forbidden ? Error{Errc::forbidden, "the log is open for reading only"} : Error{Errc::busy, {}};
    boost::asio::post(io_, [weak = weak_from_this(), job = std::move(job)]() mutable {
        const auto self = weak.lock();
        if (self && !self->closed_) job.done(std::move(job.answer));
    });
}

template void Frontend::request(CreateJob);
template void Frontend::request(ConfigureJob);
template void Frontend::request(RemoveJob);
template void Frontend::request(TableAppendJob);
template void Frontend::request(BoundsJob);
template void Frontend::request(RangeJob);
template void Frontend::request(SeekJob);

TailId Frontend::add_tail(const LogId& log, Seq from, TailSink& sink) {
    TailPageJob job = tails_.add(log, from, sink);
    const TailId tail = job.tail;
    worker_->jobs().push(std::move(job));
    return tail;
}

FollowingId Frontend::add_following(Slot slot, TableSink& sink) {
    TablePageJob job = followings_.add(slot, sink);
    const FollowingId following = job.following;
    worker_->jobs().push(std::move(job));
    return following;
}

void Frontend::deliver() {
    for (Finished& finished : worker_->finished().take()) {
        std::visit([this](auto& what) { deliver(what); }, finished);
        if (closed_) return;
    }
}

void Frontend::deliver(std::vector<WriteJob>& jobs) {
    // Records for the tails, gathered so that a tail hears of one commit by one call. The views point into
    // `jobs`.
    std::unordered_map<LogId, std::vector<RecordView>> committed;
    const auto feed = [&](const LogId& log) {
        if (const auto records = committed.extract(log)) tails_.feed(log, records.mapped());
    };
    for (WriteJob& job : jobs) {
        if (auto* append = std::get_if<AppendJob>(&job)) {
            if (append->answer.ok() && tails_.any(*append->log)) {
                const Record& record = append->record;
                committed[*append->log].push_back(
                    {*append->answer, record.time, record.id.str(), record.user.str(), record.value});
            }
            acknowledge(*append);
        } else if (auto* remove = std::get_if<RemoveJob>(&job)) {
            if (remove->answer.ok()) {
                feed(remove->log);
                if (!closed_) tails_.fail_all(remove->log, {Errc::room_gone, "the log was removed"});
            }
            if (!closed_) answer(*remove);
        } else if (auto* create = std::get_if<CreateJob>(&job)) {
            answer(*create);
        } else if (auto* configure = std::get_if<ConfigureJob>(&job)) {
            answer(*configure);
        } else {
            answer(std::get<TableAppendJob>(job));
        }
        if (closed_) return;
    }
    while (!committed.empty() && !closed_) feed(LogId(committed.begin()->first));
}

void Frontend::deliver(std::vector<ReadJob>& jobs) {
    for (ReadJob& job : jobs) {
        std::visit([this](auto& each) { answer(each); }, job);
        if (closed_) return;
    }
}

void Frontend::deliver(FileChanged) {
    for (TailPageJob& job : tails_.read_on()) worker_->jobs().push(std::move(job));
    for (TablePageJob& job : followings_.read_on()) worker_->jobs().push(std::move(job));
}

void Frontend::acknowledge(AppendJob& job) {
    --in_flight_;
    in_flight_bytes_ -= job.bytes;
    if (job.answer.ok()) {
        listener_->on_appended(job.ticket, *job.answer);
    } else {
        listener_->on_append_failed(job.ticket, job.answer.error());
    }
}

template <class Job>
void Frontend::answer(Job& job) {
    --requests_;
    job.done(std::move(job.answer));
}

void Frontend::answer(TableAppendJob& job) {
    if (job.answer.ok()) {
        followings_.feed({job.slot, *job.answer, job.key, job.value});
        if (closed_) return;
    }
    --requests_;
    job.done(std::move(job.answer));
}

void Frontend::answer(TailPageJob& job) {
    if (auto next = tails_.show(std::move(job))) worker_->jobs().push(std::move(*next));
}

void Frontend::answer(TablePageJob& job) {
    if (!job.answer.ok()) read_on_later();
    if (auto next = followings_.show(job)) worker_->jobs().push(std::move(*next));
}

void Frontend::read_on_later() {
    retry_.expires_after(retry_interval);
    retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && !self->closed_) self->deliver(FileChanged{});
    });
}

}  // namespace roomcast::channel::sqlite
