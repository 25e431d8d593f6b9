#include "producer/line_source.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "shared/core/thread_name.hpp"

namespace roomcast::producer {
namespace {

int make_wake_fd() {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    return fd;
}

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

LineSource::LineSource(int fd, std::string run, std::function<void()> on_batch)
    : fd_(fd),
      wake_fd_(make_wake_fd()),
      on_batch_(std::move(on_batch)),
      parser_(std::move(run)),
      thread_([this] { this->run(); }) {}

LineSource::~LineSource() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    taken_.notify_all();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
    thread_.join();
    ::close(wake_fd_);
}

std::optional<LineSource::Batch> LineSource::next() {
    std::optional<Batch> batch;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) return batch;
        batch = std::move(queue_.front());
        queue_.pop_front();
    }
    taken_.notify_one();
    return batch;
}

bool LineSource::push(Batch batch) {
    {
        std::unique_lock lock(mutex_);
        taken_.wait(lock, [this] { return stopped_ || queue_.size() < queued_batches; });
        if (stopped_) return false;
        queue_.push_back(std::move(batch));
    }
    on_batch_();
    return true;
}

bool LineSource::wait_readable() const {
    std::array<pollfd, 2> waiting{{{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    while (::poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) {
    }
    return waiting[1].revents == 0;
}

void LineSource::run() {
    name_this_thread("reader");
    std::vector<char> buffer(read_bytes);
    while (wait_readable()) {
        const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got > 0) {
            split({buffer.data(), static_cast<std::size_t>(got)});
        } else {
            if (got < 0) batch_.failure = std::generic_category().message(errno);
            if (!rest_.empty() && !skipping_) take_line(std::exchange(rest_, {}));
            batch_.last = true;
        }
        const bool last = batch_.last;
        if (!push(std::exchange(batch_, {})) || last) return;
    }
}

void LineSource::split(std::string_view piece) {
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        const bool whole = end != std::string_view::npos;
        const auto part = piece.substr(0, end);
        piece.remove_prefix(whole ? end + 1 : piece.size());
        if (whole && rest_.empty() && !skipping_) {
            take_line(part);
            continue;
        }
        if (!skipping_) rest_ += part;
        if (rest_.size() > line_bytes) {
            batch_.bad.push_back({++number_, "longer than " + std::to_string(line_bytes) + " bytes"});
            rest_.clear();
            skipping_ = true;
        }
        if (!whole) return;
        if (!std::exchange(skipping_, false)) take_line(std::exchange(rest_, {}));
    }
}

void LineSource::take_line(std::string_view line) {
    ++number_;
    if (blank(line)) return;
    auto parsed = parser_.parse(line, number_);
    if (parsed) {
        batch_.lines.push_back(std::move(*parsed));
    } else {
        batch_.bad.push_back({number_, why(parsed.error())});
    }
}

}  // namespace roomcast::producer
