#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "producer/input_line.hpp"

namespace roomcast::producer {

/// Reads and parses NDJSON from a file descriptor, on a thread of its own so that a slow pipe never holds up
/// the event loop, nor parsing the appends.
///
/// Owned by the program; made, asked (`next`) and destroyed on the loop's thread. The bounds below hold what
/// was read and not taken; past them the thread waits, and with it whoever writes to the pipe. The destructor
/// ends the thread at once, also in the midst of a read.
class LineSource {
public:
    static constexpr std::size_t read_bytes = 64 * 1024;   // one read, and so one batch
    static constexpr std::size_t queued_batches = 8;       // read and not taken yet
    static constexpr std::size_t line_bytes = 256 * 1024;  // a longest text in \u escapes (96 KiB) and more

    struct BadLine {
        std::uint64_t number;
        std::string why;
    };
    struct Batch {
        std::vector<InputLine> lines;
        std::vector<BadLine> bad;
        bool last = false;
        std::string failure;  // of the last one: why reading ended before the end
    };

    /// `on_batch` is called on the reading thread when there is something for `next`.
    LineSource(int fd, std::string run, std::function<void()> on_batch);
    ~LineSource();
    LineSource(const LineSource&) = delete;
    LineSource& operator=(const LineSource&) = delete;

    /// The next batch, if there is one.
    [[nodiscard]] std::optional<Batch> next();

private:
    void run();
    [[nodiscard]] bool wait_readable() const;
    void split(std::string_view piece);
    void take_line(std::string_view line);
    [[nodiscard]] bool push(Batch batch);

    const int fd_;
    const int wake_fd_;
    const std::function<void()> on_batch_;

    // The reading thread's own.
    LineParser parser_;
    std::string rest_;       // the beginning of a line whose end is not read yet
    bool skipping_ = false;  // until the end of a line that is too long
    std::uint64_t number_ = 0;
    Batch batch_;

    std::mutex mutex_;
    std::condition_variable taken_;
    std::deque<Batch> queue_;
    bool stopped_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace roomcast::producer
