#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "shared/channel/channel.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::sqlite {

struct SqliteOptions {
    std::filesystem::path data_dir = {};  // holds roomcast.db and its lock; made when missing
    std::optional<std::int64_t> default_retention_ms =
        {};  // of logs created without one; none: kept for ever
    int retention_check_ms = 60'000;
    std::size_t queue_messages = limits::producer_queue_messages;
    std::size_t queue_kbytes = limits::producer_queue_kbytes;
};

class Frontend;

/// The channel of local mode: every room's log and the table in one file, `<data_dir>/roomcast.db`.
///
/// Made, called, and destroyed on the thread that runs `io`, which must outlive it; all SQL runs on one
/// thread of its own. The destructor waits until queued appends are on disk and ends all calls; handles may
/// outlive it and then do nothing. It may be called from inside a callback.
///
/// An ack means on disk. A full or failing disk gives `unavailable` (nothing kept), or `unknown_outcome`
/// where the COMMIT's fsync failed. Appends are capped by `queue_messages` and `queue_kbytes`, other requests
/// by `request_queue`, then `busy`. Opening throws std::runtime_error with a sentence for the operator.
class SqliteChannel final : public Appender, public LogReader, public LogAdmin, public TableLog {
public:
    static constexpr std::size_t request_queue = 10'000;  // reads, table appends, admin not answered yet

    /// For the one server of a data directory; refused while another process has it open so.
    [[nodiscard]] static std::unique_ptr<SqliteChannel> open_read_write(boost::asio::io_context& io,
                                                                        const SqliteOptions& options);
    /// For programs that look on, also while the server runs. Writing answers `forbidden`; new records are
    /// seen within some 200 ms.
    [[nodiscard]] static std::unique_ptr<SqliteChannel> open_read_only(boost::asio::io_context& io,
                                                                       const std::filesystem::path& data_dir);

    explicit SqliteChannel(std::shared_ptr<Frontend> frontend);
    ~SqliteChannel() override;
    SqliteChannel(const SqliteChannel&) = delete;
    SqliteChannel& operator=(const SqliteChannel&) = delete;

    /// Who hears how appends end. Set before the first append; outlives this object.
    void report_to(AppendListener& listener);

    [[nodiscard]] std::unique_ptr<LogWriter> open(const LogId& log) override;
    [[nodiscard]] std::size_t in_flight() const override;

    void bounds(const LogId& log, Callback<Bounds> done) override;
    void read(const LogId& log, ReadRange range, Callback<ReadResult> done) override;
    void seek(const LogId& log, TimeMs time, Callback<Seq> done) override;
    [[nodiscard]] std::unique_ptr<Tail> tail(const LogId& log, Seq from, TailSink& sink) override;

    void create(const LogId& log, LogOptions options, Callback<void> done) override;
    void configure(const LogId& log, LogOptions options, Callback<void> done) override;
    void remove(const LogId& log, Callback<void> done) override;

    /// One of the tables in the same file; Table::rooms is this object itself. They live as long as it does.
    [[nodiscard]] TableLog& table(Table table);

    void append(Slot slot, std::string key, std::optional<std::string> value, Callback<Seq> done) override;
    [[nodiscard]] std::unique_ptr<Following> follow(Slot slot, TableSink& sink) override;

private:
    // Shared only so that handles and posted handlers can tell, by a weak_ptr, that it is gone.
    std::shared_ptr<Frontend> frontend_;
    std::unique_ptr<TableLog> accounts_;
    std::unique_ptr<TableLog> tokens_;
};

}  // namespace roomcast::channel::sqlite
