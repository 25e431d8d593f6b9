#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/crowd/crowd.hpp"
#include "bench/process_usage.hpp"

namespace roomcast::bench {

struct IngestPlan {
    Crowd::Door door;
    Dialect dialect;
    std::string room_prefix = "ingest";
    std::string run;
    std::size_t rooms = 100;
    std::size_t window = 200;  // messages of one sender that wait for their ack
    std::uint64_t messages = 200'000;
    std::size_t text_bytes = 100;
    std::vector<WatchedProcess> watched;
};

/// One sender in each room, each with as many messages on their way as the window lets it: what can be taken
/// in, durably, in a second.
///
/// Owned by main, on its thread.
class Ingest final : Client::Handler {
public:
    explicit Ingest(IngestPlan plan);
    void run();
    [[nodiscard]] nlohmann::json result() const;

private:
    struct Sender {
        std::string room;
        std::uint64_t said = 0;
        std::uint64_t acked = 0;
        bool in = false;
        bool told = false;  // something is queued
    };
    void on_text(Client& client, std::string_view text) override;
    void on_ended(Client& client, std::string_view why) override;
    void say_more(std::size_t number);

    IngestPlan plan_;
    Crowd crowd_;
    std::vector<Sender> senders_;
    std::vector<std::size_t> told_;
    std::vector<double> cpu_s_;
    std::string text_;
    std::string trouble_;
    std::uint64_t said_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t ended_ = 0;
    std::size_t in_ = 0;
    double seconds_ = 0;
};

}  // namespace roomcast::bench
