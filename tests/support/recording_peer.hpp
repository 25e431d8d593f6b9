#pragma once

#include <span>
#include <vector>

#include "consumer/peer.hpp"

namespace roomcast::test {

/// An edge that writes down what a worker tells it.
class RecordingPeer final : public consumer::Peer {
public:
    void send(link::Event event) override { events.push_back(std::move(event)); }
    void deliver(link::SubId sub, std::span<const link::Entry> entries) override {
        for (const auto& entry : entries) delivered.emplace_back(sub, entry);
    }
    [[nodiscard]] std::size_t owed_bytes() const override { return owed; }

    /// The events of one kind, in order.
    template <class Kind>
    [[nodiscard]] std::vector<Kind> all() const {
        std::vector<Kind> found;
        for (const auto& event : events)
            if (const auto* one = std::get_if<Kind>(&event)) found.push_back(*one);
        return found;
    }
    template <class Kind>
    [[nodiscard]] bool has() const {
        return !all<Kind>().empty();
    }
    /// Entries delivered to one subscription, in order.
    [[nodiscard]] std::vector<link::Entry> log(link::SubId sub) const {
        std::vector<link::Entry> found;
        for (const auto& [to, entry] : delivered)
            if (to == sub) found.push_back(entry);
        return found;
    }
    [[nodiscard]] std::vector<std::int64_t> seqs(link::SubId sub) const {
        std::vector<std::int64_t> found;
        for (const auto& entry : log(sub)) found.push_back(entry.seq.value);
        return found;
    }

    std::vector<link::Event> events;
    std::vector<std::pair<link::SubId, link::Entry>> delivered;
    std::size_t owed = 0;
};

/// `first`, `first` + 1, …, up to and without `until`.
inline std::vector<std::int64_t> range(std::int64_t first, std::int64_t until) {
    std::vector<std::int64_t> numbers;
    for (; first < until; ++first) numbers.push_back(first);
    return numbers;
}

}  // namespace roomcast::test
