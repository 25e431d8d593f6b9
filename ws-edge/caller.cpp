#include "ws-edge/caller.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::edge {
using Clock = std::chrono::steady_clock;

void Caller::call(Slot slot, link::CallBody body, Answer answer) {
    if (calls_.size() >= limits::calls_waiting)
        return answer(Error{Errc::busy, "too many requests wait for the workers"});
    const std::uint64_t request = next_request_++;
    auto& waiting =
        calls_
            .emplace(request, Waiting{slot, std::move(body), std::move(answer), NodeId{},
                                      Clock::now() + std::chrono::milliseconds(limits::call_deadline_ms)})
            .first->second;
    send(request, waiting);
}

void Caller::send(std::uint64_t request, Waiting& call) {
    const auto worker = workers_->route(call.slot);
    if (!worker) return;  // the sweep tries again
    call.worker = *worker;
    workers_->send(*worker, link::Call{link::RequestId{request}, call.body});
}

void Caller::on_returned(link::Returned returned) {
    const auto found = calls_.find(returned.request.value);
    if (found == calls_.end()) return;
    const auto answer = std::move(found->second.answer);
    calls_.erase(found);
    answer(std::move(returned.reply));
}

void Caller::on_worker_lost(const NodeId& worker) {
    for (auto& [request, call] : calls_) {
        if (call.worker != worker) continue;
        call.worker = NodeId{};
        send(request, call);
    }
}

void Caller::sweep(Clock::time_point now) {
    std::vector<Answer> late;
    for (auto at = calls_.begin(); at != calls_.end();) {
        if (at->second.deadline <= now) {
            late.push_back(std::move(at->second.answer));
            at = calls_.erase(at);
            continue;
        }
        if (at->second.worker.empty()) send(at->first, at->second);
        ++at;
    }
    for (const auto& answer : late) answer(Error{Errc::unavailable, "no worker answered in time"});
}

}  // namespace roomcast::edge
