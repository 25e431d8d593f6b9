#include "shared/net/outbox.hpp"

#include <algorithm>
#include <cstring>

namespace roomcast::net {
namespace {
constexpr std::size_t kept_slots = 32;  // a burst's room for frames that is worth keeping
}

std::string_view Outbox::gather(char* scratch, std::size_t scratch_bytes) const {
    if (empty()) return {};
    const std::string_view front = frames_[head_].bytes().substr(offset_);
    if (head_ + 1 == frames_.size() || front.size() >= scratch_bytes) return front;
    std::size_t filled = 0;
    std::size_t skip = offset_;
    for (std::size_t i = head_; i < frames_.size() && filled < scratch_bytes; ++i) {
        const std::string_view rest = frames_[i].bytes().substr(skip);
        skip = 0;
        const std::size_t taken = std::min(rest.size(), scratch_bytes - filled);
        std::memcpy(scratch + filled, rest.data(), taken);
        filled += taken;
    }
    return {scratch, filled};
}

void Outbox::consume(std::size_t sent) {
    bytes_ -= sent;
    while (sent > 0) {
        const std::size_t rest = frames_[head_].size() - offset_;
        if (sent < rest) {
            offset_ += sent;
            return;
        }
        sent -= rest;
        offset_ = 0;
        frames_[head_] = SharedFrame();
        ++head_;
    }
    if (empty()) {
        clear();
    } else if (head_ >= kept_slots && head_ * 2 >= frames_.size()) {
        frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

void Outbox::clear() {
    head_ = 0;
    offset_ = 0;
    bytes_ = 0;
    if (frames_.capacity() > kept_slots) {
        std::vector<SharedFrame>().swap(frames_);
    } else {
        frames_.clear();
    }
}

}  // namespace roomcast::net
