#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace roomcast::bench {

/// Which of a room's messages each of its receivers has been shown: what is missing, and what came twice.
class Tally {
public:
    explicit Tally(std::size_t receivers) : shown_(receivers) {}

    /// False when that receiver had it already.
    bool take(std::size_t receiver, std::uint64_t number) {
        auto& shown = shown_[receiver];
        if (number >= shown.size()) shown.resize(std::max<std::size_t>(number + 1, shown.size() * 2));
        if (shown[number]) {
            ++doubled_;
            return false;
        }
        shown[number] = true;
        ++delivered_;
        return true;
    }
    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
    [[nodiscard]] std::uint64_t doubled() const { return doubled_; }
    /// Of the `sent` messages, over all receivers.
    [[nodiscard]] std::uint64_t missing(std::uint64_t sent) const {
        return sent * shown_.size() - delivered_;
    }

private:
    std::vector<std::vector<bool>> shown_;
    std::uint64_t delivered_ = 0;
    std::uint64_t doubled_ = 0;
};

}  // namespace roomcast::bench
