#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "shared/core/limits.hpp"
#include "shared/net/record_cipher.hpp"

namespace roomcast::net {

/// Small records for many sockets, which leave by one system call (io_uring).
///
/// Owned by a Loop, made and used on its thread. Every send has ended when `submit` returns: a socket that is
/// full takes what it has room for, none is waited for. Where the kernel has no io_uring or forbids it,
/// `make` says so and the records go one by one.
class SendBatch {
public:
    static constexpr std::size_t record_bytes = limits::send_batch_text_bytes + RecordCipher::overhead_bytes;
    static constexpr std::size_t batch_bytes = 64 * 1024;  // stays in the cache

    struct Sent {
        std::size_t tag = 0;  // whose it is
        std::span<const unsigned char> record;
        std::size_t text_bytes = 0;  // that are in it
        int fd = -1;
        int result = 0;  // bytes taken, or an error number below 0
    };

    /// Null where it cannot be had: Linux 6.1 or newer has it.
    static std::unique_ptr<SendBatch> make();
    ~SendBatch();
    SendBatch(const SendBatch&) = delete;
    SendBatch& operator=(const SendBatch&) = delete;

    [[nodiscard]] bool full() const {
        return count_ == limits::send_batch_records || used_ + record_bytes > batch_bytes;
    }
    /// Where the next record is to be written. There is room for one unless the batch is full.
    [[nodiscard]] unsigned char* room() { return bytes_.data() + used_; }
    void add(int fd, std::size_t size, std::size_t text_bytes, std::size_t tag);
    /// Leaves those out whose owner is no longer there: their sockets are closed, and the number may be
    /// another's by now.
    template <class Wanted>
    void leave_out_unless(Wanted wanted) {
        for (Sent& each : std::span(sent_).first(count_))
            if (!wanted(each.tag)) each.fd = -1;
    }
    /// Sends the others and shows what became of each, in the order in which they were added. They are gone
    /// with the next `add`.
    [[nodiscard]] std::span<const Sent> submit();
    /// The kernel failed in the midst of a batch: what is without an answer counts as failed, and there is
    /// to be no further batch.
    [[nodiscard]] bool broken() const { return broken_; }

private:
    struct Ring;
    explicit SendBatch(std::unique_ptr<Ring> ring);

    std::unique_ptr<Ring> ring_;
    std::size_t count_ = 0;
    std::size_t used_ = 0;  // of `bytes_`
    bool broken_ = false;
    std::array<Sent, limits::send_batch_records> sent_{};
    std::vector<unsigned char> bytes_;
};

}  // namespace roomcast::net
