#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "shared/channel/kafka/tail_pool.hpp"

namespace roomcast::channel::kafka {

/// One of TailPool's fetchers, and the tails that are on it. The pool's own; private to tail_pool*.cpp.
struct TailPool::Place::Host {
    static constexpr int rung_wait_ms = 2;  // for a record; whoever is rung for meanwhile waits as long

    Host(boost::asio::io_context& io, const KafkaConfig& config, std::size_t its_number, Tier its_tier)
        : number(its_number), tier(its_tier), fetcher(io, config, settings_of(its_tier)) {}
    static FetchSettings settings_of(Tier tier) {
        if (tier != Tier::rung) return {};
        return {.wait_ms = rung_wait_ms, .on_demand = true};
    }
    const std::size_t number;
    const Tier tier;
    int left = 0;  // tails that were here
    Fetcher fetcher;
    std::map<std::string, Place*, std::less<>> topics;
    std::string looked_up_to;  // of a Tier::rung: where to go on
    std::map<std::int32_t, std::unique_ptr<Fetcher::Reading>> wake;
};

}  // namespace roomcast::channel::kafka
