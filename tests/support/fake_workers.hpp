#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "ws-edge/workers.hpp"

namespace roomcast::test {

/// The workers as a test wants them: it says where requests go, reads what was asked, and answers by calling
/// the core.
class FakeWorkers final : public edge::Workers {
public:
    [[nodiscard]] std::optional<NodeId> route(Slot) const override { return routed_to; }
    void send(const NodeId& worker, link::Request request) override {
        sent.emplace_back(worker, std::move(request));
    }
    [[nodiscard]] bool any() const override { return routed_to.has_value(); }

    /// The requests of one kind to one worker, in order.
    template <class Kind>
    [[nodiscard]] std::vector<Kind> asked(const NodeId& worker) const {
        std::vector<Kind> found;
        for (const auto& [to, request] : sent)
            if (const auto* one = std::get_if<Kind>(&request); one != nullptr && to == worker)
                found.push_back(*one);
        return found;
    }

    std::optional<NodeId> routed_to;
    std::vector<std::pair<NodeId, link::Request>> sent;
};

}  // namespace roomcast::test
