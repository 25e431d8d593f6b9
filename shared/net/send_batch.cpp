#include "shared/net/send_batch.hpp"

#include <cerrno>
#include <liburing.h>
#include <sys/socket.h>
#include <utility>

namespace roomcast::net {
namespace {

constexpr auto entries = static_cast<unsigned>(limits::send_batch_records);
constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
constexpr int most_tries = 1'000;  // while the kernel is interrupted or short of memory

}  // namespace

struct SendBatch::Ring {
    Ring() = default;
    ~Ring() {
        if (open) io_uring_queue_exit(&uring);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    /// By these flags only our own thread ends what it began.
    bool make() {
        open = io_uring_queue_init(entries, &uring,
                                   IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) == 0;
        return open;
    }

    io_uring uring{};
    bool open = false;
};

SendBatch::SendBatch(std::unique_ptr<Ring> ring) : ring_(std::move(ring)), bytes_(batch_bytes) {}

SendBatch::~SendBatch() = default;

std::unique_ptr<SendBatch> SendBatch::make() {
    auto ring = std::make_unique<Ring>();
    if (!ring->make()) return nullptr;
    return std::unique_ptr<SendBatch>(new SendBatch(std::move(ring)));
}

void SendBatch::add(int fd, std::size_t size, std::size_t text_bytes, std::size_t tag) {
    sent_[count_] = {tag, {room(), size}, text_bytes, fd, -ECANCELED};
    ++count_;
    used_ += size;
}

std::span<const SendBatch::Sent> SendBatch::submit() {
    io_uring* const uring = &ring_->uring;
    const std::size_t count = std::exchange(count_, 0);
    used_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
        io_uring_sqe* const entry = io_uring_get_sqe(uring);  // there are as many as records
        const auto record = sent_[i].record;
        io_uring_prep_send(entry, sent_[i].fd, record.data(), record.size(), flags);
        io_uring_sqe_set_data64(entry, i);
    }
    // A send that must not wait ends while it is submitted, so all have ended behind this.
    std::size_t ended = 0;
    for (int tries = 0; ended < count; ++tries) {
        const int submitted = io_uring_submit_and_wait(uring, static_cast<unsigned>(count - ended));
        const bool again =
            submitted >= 0 || submitted == -EINTR || submitted == -EAGAIN || submitted == -EBUSY;
        broken_ = !again || tries == most_tries;
        if (broken_) break;
        unsigned head = 0, seen = 0;
        io_uring_cqe* completion = nullptr;
        io_uring_for_each_cqe(uring, head, completion) {
            sent_[completion->user_data].result = completion->res;
            ++seen;
        }
        io_uring_cq_advance(uring, seen);
        ended += seen;
    }
    return std::span(sent_).first(count);
}

}  // namespace roomcast::net
