#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/crowd/crowd.hpp"
#include "bench/histogram.hpp"
#include "bench/process_usage.hpp"
#include "bench/tally.hpp"

namespace roomcast::bench {

struct FanoutPlan {
    Crowd::Door door;
    Dialect dialect;
    std::string room_prefix = "crowd";
    std::string run;  // makes the messages' ids ours
    std::size_t rooms = 1;
    std::size_t receivers = 100;  // in each room
    std::size_t slow = 0;         // beside them, in the first room: they never read
    double rate_per_s = 50;       // over all rooms; 0: nothing is said
    bool at_random = false;       // as people speak (Poisson, the same each time); else at even intervals
    double warmup_s = 1;
    double seconds = 5;
    double drain_s = 5;
    std::size_t text_bytes = 100;
    std::vector<WatchedProcess> watched;
};

/// Opens a crowd, says so much a second, and counts what comes to whom, when. The open loop: a message's time
/// runs from when it was meant to be sent.
///
/// Owned by main, on its thread.
class Fanout final : Client::Handler {
public:
    explicit Fanout(FanoutPlan plan);
    void run();
    [[nodiscard]] nlohmann::json result() const;

private:
    struct Usage {
        ProcessUsage before;  // any connection
        ProcessUsage joined;  // all are in their rooms
        ProcessUsage first;   // at the end of the warm-up
        ProcessUsage last;    // when the last message was said
    };
    struct Place {
        std::uint32_t room = 0;
        std::uint32_t receiver = 0;
        bool receives = true;
        bool slow = false;
        bool in = false;
    };

    void on_shaken(Client& client) override;
    void on_open(Client& client) override;
    void on_text(Client& client, std::string_view text) override;
    void on_ended(Client& client, std::string_view why) override;

    void add_room(std::size_t room);
    void count_in(Client& client);
    void open_all();
    void talk();
    void say_what_is_due(std::int64_t now);
    void drain();
    void sample(ProcessUsage Usage::*when);
    void plan_turns();
    [[nodiscard]] std::int64_t due_ns(std::uint64_t turn) const;
    [[nodiscard]] std::uint64_t missing() const;

    FanoutPlan plan_;
    Crowd crowd_;
    std::vector<Place> places_;         // by client
    std::vector<std::size_t> senders_;  // by room
    std::vector<Tally> tallies_;
    std::vector<std::uint64_t> sent_;
    std::vector<Usage> usage_;
    ProcessUsage own_first_, own_last_;
    Histogram latency_;
    std::uint64_t in_ = 0;
    std::uint64_t turn_ = 0;
    std::vector<std::int64_t> turns_;  // ns from the first moment on: when each message is to be said
    std::uint64_t measured_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t ended_ = 0;
    std::uint64_t slow_ended_ = 0;
    std::string trouble_;
    std::string text_;
    double open_s_ = 0;
    std::int64_t first_ns_ = 0;
    std::int64_t measured_from_ns_ = 0;
    std::int64_t said_all_ns_ = 0;
};

}  // namespace roomcast::bench
