#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/core/limits.hpp"
#include "shared/net/cipher_contexts.hpp"
#include "shared/net/outbox.hpp"
#include "shared/net/send_batch.hpp"
#include "shared/net/stream.hpp"

namespace roomcast::net {

class Connection;

/// What all connections of one loop share: the scratch buffers, the contexts of their ciphers, and the list
/// of those that owe bytes this turn.
///
/// Belongs to an io_context (which may have several), outlives its connections, used on its thread only. What
/// a connection is owed in one turn of the loop leaves at the turn's end, in one TLS record where it fits.
///
/// With `coalesce` a busy loop waits a little for more: when it has written many records of late, what is
/// owed to a connection that was written to less than the delay ago leaves only after the delay. A first
/// message after a pause, and everything on a loop with little to do, goes out at once. A loop that spends
/// more than three fifths of its time on writing waits on where nothing came that could share a record.
class Loop {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t read_bytes = 32 * 1024;
    static constexpr std::size_t record_bytes = 16 * 1024;  // the most that one TLS record carries

    static constexpr int most_delays = 5;  // by default 25 ms: two of 50 messages a second meet

    explicit Loop(boost::asio::io_context& io) : io_(io), later_timer_(io) {}
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    [[nodiscard]] boost::asio::io_context& io() { return io_; }
    /// How long a busy connection's bytes wait for more; 0, as at the beginning: not at all. Up to
    /// `most_delays` times as long on a loop that is hard pressed, until as much has come as waits.
    void coalesce(std::chrono::microseconds delay) { delay_ = delay; }
    /// Whether small records for many connections leave by one system call, where the kernel can. At the
    /// beginning they do not.
    void batch_sends(bool wanted) { batch_wanted_ = wanted; }
    /// Whether that has come about.
    [[nodiscard]] bool batches() const { return batch_ != nullptr; }
    void flush_all();

private:
    friend class Connection;
    void mark(Connection& connection);
    void unmark(Connection& connection);
    void flush(std::vector<Connection*>& marked, bool all);
    void prefetch(std::size_t at) const;
    void write_out(std::size_t at);
    void make_batch();
    void submit_batch();
    /// One that waits is owed one more message. When as many came as wait, most share a record.
    void count_company() {
        if (++company_ == later_.size() && later_timer_.expiry() != due_) wait_until(due_);
    }
    void wait_until(Clock::time_point when);
    void stop_waiting();
    void begin_flush();
    void look_how_pressed();
    [[nodiscard]] bool busy() const { return records_ + records_before_ >= limits::busy_records; }
    [[nodiscard]] Clock::duration longest_delay() const {
        return hard_pressed_ ? most_delays * delay_ : delay_;
    }

    boost::asio::io_context& io_;
    CipherContexts ciphers_;
    std::vector<Connection*> dirty_;
    std::vector<Connection*> flushing_;
    std::vector<Connection*> later_;  // until the delay is over
    std::size_t company_ = 0;         // what came for those of `later_` since they wait
    boost::asio::steady_timer later_timer_;
    Clock::duration delay_{};
    Clock::duration writing_{};         // of the time since `writing_from_`
    Clock::time_point writing_from_{};  // measured by the longest delay there is
    Clock::time_point now_{};           // of this flush
    Clock::time_point due_{};           // when the first of `later_` has waited for the delay
    Clock::time_point last_due_{};      // the same, if all of them are alone
    Clock::time_point counted_from_{};  // records are counted by the longest delay
    std::size_t records_ = 0;
    std::size_t records_before_ = 0;  // in the delay before
    std::unique_ptr<SendBatch> batch_;
    bool batch_wanted_ = false;
    bool batching_ = false;  // in this flush
    bool scheduled_ = false;
    bool hard_pressed_ = false;
    std::array<char, read_bytes> read_scratch_;
    std::array<char, record_bytes> write_scratch_;
};

/// Hears what happens on a connection. `on_ended` comes exactly once, last.
class ConnectionHandler {
public:
    /// The TLS handshake is done (at once on plain TCP).
    virtual void on_ready() {}
    /// Bytes came in; they may be changed in place and are gone after the call.
    virtual void on_bytes(std::span<char> bytes) = 0;
    /// The outbox fell to `limits::outbox_resume_bytes` after having been above.
    virtual void on_room_again() {}
    virtual void on_ended(std::string_view why) = 0;

protected:
    ~ConnectionHandler() = default;
};

/// One socket: reads as bytes come, writes what the outbox holds, ends in one way.
///
/// Held by shared_ptr (pending waits keep it alive), used on its loop's thread only. The handler must outlive
/// the connection's last call, `on_ended`; `detach` ends the calls before that. It has no timers: deadlines
/// are its owner's.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Loop& loop, Stream stream, ConnectionHandler& handler);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Shakes hands and starts to read.
    void start();
    /// Queues a frame for the end of this turn. Ignored once the connection is ending.
    void send(SharedFrame frame) {
        if (state_ != State::open) return;
        outbox_.push(std::move(frame));
        if (mark_ == Mark::none) {
            loop_.mark(*this);
        } else if (mark_ == Mark::later) {
            loop_.count_company();
        }
    }
    [[nodiscard]] std::size_t owed_bytes() const { return outbox_.bytes(); }

    /// Stops reading, so that the peer's own sending is held back by TCP.
    void pause_reading() { paused_ = true; }
    void resume_reading();
    [[nodiscard]] bool reading_paused() const { return paused_; }

    /// Sends what is owed, says goodbye, waits for the peer to close. The owner's deadline calls `abort`.
    void finish();
    /// Ends at once.
    void abort(std::string_view why);
    /// No more calls to the handler; the socket is closed.
    void detach();

    [[nodiscard]] bool open() const { return state_ == State::open; }
    [[nodiscard]] Stream& stream() { return stream_; }
    /// Bytes written to the socket so far: whether a peer that is owed something takes anything.
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }
    [[nodiscard]] std::uint64_t bytes_received() const { return bytes_received_; }

private:
    friend class Loop;
    enum class State : std::uint8_t { fresh, handshake, open, finishing, lingering, ended };
    enum class Mark : std::uint8_t { none, dirty, later };  // in which of the loop's lists it stands

    void continue_handshake();
    void read_some();
    void drain_input();
    void flush();
    /// Adds what is owed to the batch, where one small record is all of it. It stays marked until it is sent.
    [[nodiscard]] bool join_batch(SendBatch& batch, std::size_t tag);
    void on_sent(const SendBatch::Sent& sent);
    [[nodiscard]] bool may_wait() const;
    void wait_readable();
    void wait_writable();
    void prefetch() const { prefetch_lines<3>(this); }
    void prefetch_pointees() const {
        outbox_.prefetch();
        stream_.prefetch();
    }
    void end(std::string_view why);

    // What a flush needs stands together: thousands of connections take turns, each from memory.
    Loop& loop_;
    Outbox outbox_;
    std::uint64_t bytes_sent_ = 0;
    Loop::Clock::time_point flushed_{};  // when it was last written to, where the loop coalesces
    std::size_t dirty_index_ = 0;
    State state_ = State::fresh;
    Mark mark_ = Mark::none;
    bool paused_ = false;
    bool waiting_readable_ = false;
    bool waiting_writable_ = false;
    bool read_wants_write_ = false;
    bool was_full_ = false;
    Stream stream_;
    ConnectionHandler* handler_;
    std::uint64_t bytes_received_ = 0;
};

}  // namespace roomcast::net
