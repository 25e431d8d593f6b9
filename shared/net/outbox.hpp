#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "shared/net/prefetch.hpp"
#include "shared/net/shared_frame.hpp"

namespace roomcast::net {

/// What one connection is still owed, as frames that many connections share.
///
/// Owned by its Connection, touched on that connection's thread only. It knows its size in bytes and leaves
/// the cap to its owner. Gives its memory back when it runs empty.
class Outbox {
public:
    void push(SharedFrame frame) {
        bytes_ += frame.size();
        frames_.push_back(std::move(frame));
    }
    [[nodiscard]] bool empty() const { return head_ == frames_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    void prefetch() const { prefetch_lines<1>(frames_.data() + head_); }

    /// The next bytes to send: the front frame's rest as it stands when it is alone or fills a record, else
    /// as many frames as fit, copied together into `scratch`.
    [[nodiscard]] std::string_view gather(char* scratch, std::size_t scratch_bytes) const;
    /// Takes the first `sent` bytes off.
    void consume(std::size_t sent);
    void clear();

private:
    std::vector<SharedFrame> frames_;
    std::size_t head_ = 0;    // first frame still owed
    std::size_t offset_ = 0;  // bytes of it already sent
    std::size_t bytes_ = 0;
};

}  // namespace roomcast::net
