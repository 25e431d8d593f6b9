#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "bench/histogram.hpp"
#include "bench/member.hpp"
#include "bench/ws_client.hpp"

namespace roomcast::bench {

struct JoinPlan {
    Url url;                   // where the rooms are joined
    std::vector<Url> held_at;  // if not empty: somebody is in each room already, here
    std::string room_prefix;   // rooms PREFIX-0 to PREFIX-(rooms - 1), which exist
    std::size_t rooms = 1;
    std::size_t repeats = 1;  // rounds over all rooms
    int last = 50;            // messages asked for, and expected
};

/// One client that joins and leaves rooms one after the other, with the time from `join` to `joined`.
///
/// Owned by main, on the loop's thread; `start` ends by stopping the io_context.
class JoinRun final : public WsClient::Handler, public Member::Watcher {
public:
    JoinRun(net::Loop& loop, const net::TlsContext& tls, JoinPlan plan, std::string token);

    void start();
    [[nodiscard]] nlohmann::json result() const;

private:
    void on_open() override;
    void on_text(std::string_view frame) override;
    void on_down(std::string_view why) override;
    void on_joined(Member& member) override;
    void on_delivered(Member&, const Stamp&) override {}
    void on_acked(Member&, const Stamp&) override {}

    void join_next();
    [[nodiscard]] std::string room() const;
    void fail(std::string_view why);

    net::Loop& loop_;
    JoinPlan plan_;
    std::string token_;
    WsClient client_;
    std::vector<std::unique_ptr<Member>> holders_;
    std::size_t held_ = 0;
    std::size_t turn_ = 0;
    std::int64_t asked_ns_ = 0;
    Histogram latency_;
    std::uint64_t short_of_messages_ = 0;
    std::string failure_;
};

}  // namespace roomcast::bench
