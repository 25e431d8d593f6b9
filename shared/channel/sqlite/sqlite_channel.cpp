#include "shared/channel/sqlite/sqlite_channel.hpp"

#include <utility>

#include "shared/channel/sqlite/frontend.hpp"

namespace roomcast::channel::sqlite {
namespace {

class SqliteWriter final : public LogWriter {
public:
    SqliteWriter(std::weak_ptr<Frontend> frontend, const LogId& log)
        : frontend_(std::move(frontend)), log_(std::make_shared<const LogId>(log)) {}

    Result<void> append(Record record, AppendTicket ticket) override {
        if (const auto frontend = frontend_.lock()) return frontend->append(log_, std::move(record), ticket);
        return Error{Errc::unavailable, "the log is closed"};
    }

private:
    std::weak_ptr<Frontend> frontend_;
    std::shared_ptr<const LogId> log_;
};

class SqliteTail final : public Tail {
public:
    SqliteTail(std::weak_ptr<Frontend> frontend, TailId id) : frontend_(std::move(frontend)), id_(id) {}
    ~SqliteTail() override {
        if (const auto frontend = frontend_.lock()) frontend->end_tail(id_);
    }

private:
    std::weak_ptr<Frontend> frontend_;
    TailId id_;
};

class SqliteFollowing final : public Following {
public:
    SqliteFollowing(std::weak_ptr<Frontend> frontend, FollowingId id)
        : frontend_(std::move(frontend)), id_(id) {}
    ~SqliteFollowing() override {
        if (const auto frontend = frontend_.lock()) frontend->end_following(id_);
    }

private:
    std::weak_ptr<Frontend> frontend_;
    FollowingId id_;
};

}  // namespace

std::unique_ptr<SqliteChannel> SqliteChannel::open_read_write(boost::asio::io_context& io,
                                                              const SqliteOptions& options) {
    return std::make_unique<SqliteChannel>(Frontend::start(io, options, Database::Mode::read_write));
}

std::unique_ptr<SqliteChannel> SqliteChannel::open_read_only(boost::asio::io_context& io,
                                                             const std::filesystem::path& data_dir) {
    return std::make_unique<SqliteChannel>(
        Frontend::start(io, {.data_dir = data_dir}, Database::Mode::read_only));
}

SqliteChannel::SqliteChannel(std::shared_ptr<Frontend> frontend) : frontend_(std::move(frontend)) {}
SqliteChannel::~SqliteChannel() { frontend_->close(); }

void SqliteChannel::report_to(AppendListener& listener) { frontend_->report_to(listener); }

std::unique_ptr<LogWriter> SqliteChannel::open(const LogId& log) {
    return std::make_unique<SqliteWriter>(frontend_, log);
}

std::size_t SqliteChannel::in_flight() const { return frontend_->in_flight(); }

void SqliteChannel::bounds(const LogId& log, Callback<Bounds> done) {
    frontend_->request(BoundsJob{.log = log, .done = std::move(done)});
}

void SqliteChannel::read(const LogId& log, ReadRange range, Callback<ReadResult> done) {
    frontend_->request(RangeJob{.log = log, .range = range, .done = std::move(done)});
}

void SqliteChannel::seek(const LogId& log, TimeMs time, Callback<Seq> done) {
    frontend_->request(SeekJob{.log = log, .time = time, .done = std::move(done)});
}

std::unique_ptr<Tail> SqliteChannel::tail(const LogId& log, Seq from, TailSink& sink) {
    return std::make_unique<SqliteTail>(frontend_, frontend_->add_tail(log, from, sink));
}

void SqliteChannel::create(const LogId& log, LogOptions options, Callback<void> done) {
    frontend_->request(CreateJob{.log = log, .options = options, .done = std::move(done)});
}

void SqliteChannel::configure(const LogId& log, LogOptions options, Callback<void> done) {
    frontend_->request(ConfigureJob{.log = log, .options = options, .done = std::move(done)});
}

void SqliteChannel::remove(const LogId& log, Callback<void> done) {
    frontend_->request(RemoveJob{.log = log, .done = std::move(done)});
}

void SqliteChannel::append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) {
    frontend_->request(TableAppendJob{
        .slot = slot, .key = std::move(key), .value = std::move(value), .done = std::move(done)});
}

std::unique_ptr<Following> SqliteChannel::follow(Slot slot, TableSink& sink) {
    return std::make_unique<SqliteFollowing>(frontend_, frontend_->add_following(slot, sink));
}

}  // namespace roomcast::channel::sqlite
