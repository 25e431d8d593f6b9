#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "producer/import_room.hpp"
#include "producer/input_line.hpp"
#include "producer/publisher.hpp"
#include "shared/channel/channel.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::producer {

/// How much an import holds and how long it tries.
struct ImportLimits {
    std::size_t held_lines = 16'384;              // taken and not settled; then no more are taken
    std::size_t held_bytes = 64UL * 1024 * 1024;  // the same, of the records' values
    // So few that what is sent again lies close enough behind its first attempt to be known as a repeat.
    std::size_t in_flight_per_room = limits::dedupe_window_records / 2;
    std::size_t rooms_opened_at_once = 8;  // a topic takes some 30 ms to make, an opening 5 s at most
    int tries = 3;                         // of one append, and of opening one room
    std::chrono::milliseconds retry_pause{1'000};
    std::int64_t unknown_age_ms = 60'000;  // half of dedupe_window_ms: older ones of unknown fate stay so
};

/// Gets lines into their rooms' logs: every line at least tried, each room's in the order of the input.
///
/// Owned by the program, on the Appender's thread; made before the Appender, whose listener it is, and
/// destroyed after it. Ends by `stop`, or by itself when all that was taken is settled (`idle`). Within a
/// room a failure stops the sending until everything in flight is settled; import_room.hpp says what is sent
/// again then.
class Importer final : public channel::AppendListener {
public:
    struct Counts {
        std::uint64_t sent = 0;    // handed to the log, each line once
        std::uint64_t acked = 0;   // durable
        std::uint64_t failed = 0;  // not, or not known to be
    };
    using OpenRoom =
        std::function<void(const RoomSlug&, const UserName& creator, channel::Callback<LogId> done)>;
    struct Callbacks {
        OpenRoom open;
        std::function<void(std::uint64_t line, std::string_view why)> failed;
        std::function<void()>
            settled;  // there is room for more, or it is idle; not called from within `take`
    };

    Importer(boost::asio::io_context& io, ImportLimits limits, Callbacks callbacks);
    Importer(const Importer&) = delete;
    Importer& operator=(const Importer&) = delete;

    /// Comes before the first `take`.
    void use(Publisher& publisher) { publisher_ = &publisher; }

    [[nodiscard]] bool has_room() const {
        return held_lines_ < limits_.held_lines && held_bytes_ < limits_.held_bytes;
    }
    /// Takes any line; how many is the caller's to limit, by `has_room`.
    void take(InputLine line);
    /// Counts and reports a line that cannot be sent.
    void reject(std::uint64_t line, std::string_view why);
    /// Sends nothing more. What is in flight is still waited for.
    void stop();

    [[nodiscard]] bool idle() const { return held_lines_ == 0; }
    [[nodiscard]] const Counts& counts() const { return counts_; }

    void on_appended(channel::AppendTicket ticket, Seq seq) override;
    void on_append_failed(channel::AppendTicket ticket, Error error) override;

private:
    struct Flight {
        ImportRoom* room = nullptr;
        ImportItem item;
    };

    ImportRoom& room_of(const InputLine& line);
    void open_rooms();
    void opened(ImportRoom& room, Result<LogId> log);
    void refuse(ImportRoom& room, const Error& error);
    void send(ImportRoom& room);
    void stall(ImportRoom& room);
    Flight land(channel::AppendTicket ticket);
    void settle(ImportRoom& room);
    void fail(const ImportItem& item, std::string_view why);
    void let_go(const ImportItem& item);
    void resume_later(ImportRoom& room);
    void resume_all();

    boost::asio::io_context& io_;
    ImportLimits limits_;
    Callbacks callbacks_;
    Publisher* publisher_ = nullptr;
    Counts counts_;
    std::size_t held_lines_ = 0;
    std::size_t held_bytes_ = 0;
    bool stopping_ = false;

    std::unordered_map<RoomSlug, std::unique_ptr<ImportRoom>> rooms_;
    std::deque<ImportRoom*> to_open_;
    std::size_t opening_ = 0;

    // What is in flight, by ticket: a ticket is a place in `flights_`, used again once it is reported.
    std::vector<Flight> flights_;
    std::vector<channel::AppendTicket> free_tickets_;

    std::vector<ImportRoom*> resting_;  // to be gone on with by `resume_timer_`
    boost::asio::steady_timer resume_timer_;
    std::vector<ImportRoom*> stalled_;  // to be gone on with once this turn's outcomes are taken
    bool settled_posted_ = false;
};

}  // namespace roomcast::producer
