#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "shared/channel/kafka/requests.hpp"
#include "shared/core/limits.hpp"

namespace roomcast::channel::kafka {

/// Whether an answer speaks of a cluster in motion rather than of the request.
[[nodiscard]] bool is_passing(rd_kafka_resp_err_t code);

using Clock = std::chrono::steady_clock;

/// Asks the same question until it has an answer that will stay, or the deadline is reached.
///
/// Keeps itself alive while it waits; ends without an answer when the Requests are destroyed. A missing topic
/// is believed after `missing_grace`: a topic that was just made may not be known to every broker yet.
template <class T>
class Retry : public std::enable_shared_from_this<Retry<T>> {
public:
    using Answer = std::function<void(rd_kafka_resp_err_t, T)>;
    using Ask = std::function<void(Requests&, int timeout_ms, Answer)>;
    static constexpr std::chrono::milliseconds missing_grace{250};
    static constexpr std::chrono::milliseconds pause{25};

    static void run(boost::asio::io_context& io, const std::shared_ptr<Requests>& requests,
                    std::chrono::milliseconds limit, Ask ask, Answer done) {
        std::shared_ptr<Retry> made(new Retry(io, requests, limit, std::move(ask), std::move(done)));
        made->attempt();
    }

private:
    Retry(boost::asio::io_context& io, const std::shared_ptr<Requests>& requests,
          std::chrono::milliseconds limit, Ask ask, Answer done)
        : timer_(io),
          requests_(requests),
          start_(Clock::now()),
          limit_(limit),
          ask_(std::move(ask)),
          done_(std::move(done)) {}

    void attempt() {
        const auto requests = requests_.lock();
        if (!requests) return;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(start_ + limit_ - Clock::now());
        ask_(*requests, static_cast<int>(std::max<std::int64_t>(left.count(), 1)),
             [self = this->shared_from_this()](rd_kafka_resp_err_t code, T value) {
                 self->answered(code, std::move(value));
             });
    }

    void answered(rd_kafka_resp_err_t code, T value) {
        const auto spent = Clock::now() - start_;
        const bool again = is_missing_topic(code) ? spent < missing_grace : is_passing(code);
        if (!again || spent + pause >= limit_) return done_(code, std::move(value));
        timer_.expires_after(pause);
        timer_.async_wait([self = this->shared_from_this()](const boost::system::error_code& stopped) {
            if (!stopped) self->attempt();
        });
    }

    boost::asio::steady_timer timer_;
    std::weak_ptr<Requests> requests_;
    Clock::time_point start_;
    std::chrono::milliseconds limit_;
    Ask ask_;
    Answer done_;
};

inline constexpr std::chrono::milliseconds request_deadline{limits::channel_request_deadline_ms};

}  // namespace roomcast::channel::kafka
