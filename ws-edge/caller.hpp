#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <vector>

#include "shared/core/result.hpp"
#include "shared/wire/link_messages.hpp"
#include "ws-edge/workers.hpp"

namespace roomcast::edge {

/// Calls the workers about rooms, accounts and nicks (link_calls.hpp).
///
/// A part of Core, on its thread. A call goes to its slot's worker, and again to the next one when that is
/// lost before it has answered. Fails with `unavailable` past limits::call_deadline_ms; at most
/// limits::calls_waiting, then `busy` at once.
class Caller {
public:
    using Answer = std::function<void(link::Reply)>;

    void use(Workers& workers) { workers_ = &workers; }

    void call(Slot slot, link::CallBody body, Answer answer);
    void on_returned(link::Returned returned);
    void on_worker_lost(const NodeId& worker);
    /// Sends what waits for a worker, ends what has waited too long.
    void sweep(std::chrono::steady_clock::time_point now);
    [[nodiscard]] std::size_t waiting() const { return calls_.size(); }

private:
    struct Waiting {
        Slot slot;
        link::CallBody body;
        Answer answer;
        NodeId worker;  // empty: not sent yet
        std::chrono::steady_clock::time_point deadline;
    };
    void send(std::uint64_t request, Waiting& call);

    Workers* workers_ = nullptr;
    std::map<std::uint64_t, Waiting> calls_;
    std::uint64_t next_request_ = 1;
};

/// The one kind of reply that is expected, or the error.
template <class Kind>
[[nodiscard]] Result<Kind> expect(link::Reply reply) {
    if (auto* const wanted = std::get_if<Kind>(&reply)) return std::move(*wanted);
    if (auto* const error = std::get_if<Error>(&reply)) return std::move(*error);
    return Error{Errc::internal, "a worker's answer of another kind"};
}

}  // namespace roomcast::edge
