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

/// Another table among the same rows: its slots are those from `first_slot` on.
class SqliteTable final : public TableLog {
public:
    SqliteTable(std::weak_ptr<Frontend> frontend, std::uint16_t first_slot)
        : frontend_(std::move(frontend)), first_slot_(first_slot) {}

    void append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) override {
        if (const auto frontend = frontend_.lock())
            frontend->request(TableAppendJob{.slot = stored(slot, first_slot_),
                                             .key = std::move(key),
                                             .value = std::move(value),
                                             .done = std::move(done)});
    }

    std::unique_ptr<Following> follow(Slot slot, TableSink& sink) override {
        return std::make_unique<ShiftedFollowing>(frontend_, slot, first_slot_, sink);
    }

private:
    static Slot stored(Slot slot, std::uint16_t first_slot) {
        return Slot{static_cast<std::uint16_t>(slot.value + first_slot)};
    }

    class ShiftedFollowing final : public Following, private TableSink {
    public:
        ShiftedFollowing(const std::weak_ptr<Frontend>& frontend, Slot slot, std::uint16_t first_slot,
                         TableSink& sink)
            : slot_(slot), sink_(sink) {
            if (const auto open = frontend.lock())
                following_.emplace(frontend, open->add_following(stored(slot, first_slot), *this));
        }

    private:
        void on_table_record(const TableRecord& record) override {
            sink_.on_table_record({slot_, record.seq, record.key, record.value});
        }
        void on_slot_current(Slot) override { sink_.on_slot_current(slot_); }

        Slot slot_;
        TableSink& sink_;
        std::optional<SqliteFollowing> following_;
    };

    std::weak_ptr<Frontend> frontend_;
    std::uint16_t first_slot_;
};

constexpr std::uint16_t first_accounts_slot = slot_count;  // part of the file's layout
constexpr std::uint16_t first_tokens_slot = 2 * slot_count;

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

SqliteChannel::SqliteChannel(std::shared_ptr<Frontend> frontend)
    : frontend_(std::move(frontend)),
      accounts_(std::make_unique<SqliteTable>(frontend_, first_accounts_slot)),
      tokens_(std::make_unique<SqliteTable>(frontend_, first_tokens_slot)) {}
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

TableLog& SqliteChannel::table(Table table) {
    if (table == Table::accounts) return *accounts_;
    if (table == Table::tokens) return *tokens_;
    return *this;
}

void SqliteChannel::append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) {
    frontend_->request(TableAppendJob{
        .slot = slot, .key = std::move(key), .value = std::move(value), .done = std::move(done)});
}

std::unique_ptr<Following> SqliteChannel::follow(Slot slot, TableSink& sink) {
    return std::make_unique<SqliteFollowing>(frontend_, frontend_->add_following(slot, sink));
}

}  // namespace roomcast::channel::sqlite
