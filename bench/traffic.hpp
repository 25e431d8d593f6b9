#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json_fwd.hpp>

#include "bench/histogram.hpp"
#include "bench/member.hpp"
#include "bench/pacer.hpp"
#include "bench/process_usage.hpp"
#include "bench/tally.hpp"

namespace roomcast::bench {

/// A signal to a server in the midst of the traffic, and what to call it.
struct Blow {
    pid_t pid = 0;
    int signal = 9;
    double after_s = 2;
};

struct TrafficPlan {
    std::vector<Url> sender_urls;    // each room's sender is at one of them, in turn
    std::vector<Url> receiver_urls;  // and so are each room's receivers
    std::string room_prefix = "bench";
    std::size_t rooms = 1;
    std::size_t receivers = 1;  // of each room, beside its sender
    double rate_per_s = 100;    // over all rooms
    double warmup_s = 1;
    double seconds = 5;
    double drain_s = 5;  // at most, for what is still missing at the end
    std::size_t text_bytes = 100;
    std::vector<WatchedProcess> watched;
    std::optional<Blow> blow;
};

/// Rooms with one sender and some receivers each, messages at a fixed rate, and what became of them.
///
/// Owned by main, on the loop's thread. `start` opens the connections; when all are in their rooms the
/// messages begin; when the last has come to all (or `drain_s` has passed) the io_context is stopped and
/// `result` is told.
class Traffic final : public Member::Watcher {
public:
    Traffic(net::Loop& loop, const net::TlsContext& tls, TrafficPlan plan, const std::string& token,
            const std::string& run);

    void start();
    [[nodiscard]] nlohmann::json result() const;

private:
    struct Receiver {
        std::int64_t last_ns = 0;         // when it was shown something
        std::int64_t longest_gap_ns = 0;  // between two messages; with a blow, only if it ended after it
    };
    struct Room {
        explicit Room(std::size_t receivers) : tally(receivers), shown(receivers) {}
        std::unique_ptr<Member> sender;
        std::vector<std::unique_ptr<Member>> members;  // the receivers
        Tally tally;
        std::vector<Receiver> shown;
        std::uint64_t sent = 0;
    };
    struct Watched {
        ProcessUsage before;  // any connection
        ProcessUsage joined;  // all are in their rooms
        ProcessUsage first;   // at the end of the warm-up
        ProcessUsage last;    // when the last message was sent
    };

    void on_joined(Member& member) override;
    void on_delivered(Member& member, const Stamp& stamp) override;
    void on_acked(Member& member, const Stamp& stamp) override;
    void open_next();
    void all_joined();
    void due(std::uint64_t turn, std::int64_t intended_ns);
    void strike();
    void drain(std::int64_t deadline_ns);
    void sample(ProcessUsage Watched::*when);
    [[nodiscard]] std::uint64_t missing() const;
    [[nodiscard]] nlohmann::json usage() const;
    [[nodiscard]] nlohmann::json gaps() const;

    net::Loop& loop_;
    TrafficPlan plan_;
    std::vector<Room> rooms_;
    std::vector<Member*> to_open_;
    std::vector<Watched> usage_;
    Histogram latency_;      // from the intended time to another client
    Histogram ack_latency_;  // from the intended time back to the sender
    Pacer pacer_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer blow_timer_;
    std::size_t opened_ = 0;
    std::size_t joined_ = 0;
    std::int64_t measured_from_ns_ = 0;
    std::int64_t sent_all_ns_ = 0;
    std::int64_t struck_ns_ = 0;
    std::uint64_t measured_deliveries_ = 0;
};

}  // namespace roomcast::bench
