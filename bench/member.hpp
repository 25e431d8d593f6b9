#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "bench/stamp.hpp"
#include "bench/url.hpp"
#include "bench/ws_client.hpp"

namespace roomcast::bench {

/// One client in one room that does what a good client does: comes back to the next server when its own is
/// gone, resumes behind what it saw last, and sends again under the same ids what was not acked.
///
/// Owned by a Traffic, on the loop's thread. Destroying it ends it without another call.
class Member final : public WsClient::Handler {
public:
    struct Place {
        std::vector<Url> urls;  // the first is where it starts
        std::string room;
        std::size_t room_index = 0;  // for its watcher's use
        std::string token;
        std::string id_prefix;  // of its messages' ids, no one else's
        std::size_t text_bytes = 100;
    };
    class Watcher {
    public:
        /// The first time; coming back is not told.
        virtual void on_joined(Member& member) = 0;
        /// Also what came while it was away, when it is back.
        virtual void on_delivered(Member& member, const Stamp& stamp) = 0;
        /// Of a message that `say` was given: it is durable.
        virtual void on_acked(Member& member, const Stamp& stamp) = 0;

    protected:
        ~Watcher() = default;
    };
    struct Counts {
        std::uint64_t acked = 0;
        std::uint64_t sent_again = 0;
        std::uint64_t refused = 0;      // errors that trying again cannot help
        std::uint64_t ended = 0;        // connections and attempts that came to an end
        std::uint64_t unrecovered = 0;  // came back, and was told that something is missing
        std::uint64_t disordered = 0;   // messages whose seq did not rise
        std::string last_trouble;
    };

    Member(net::Loop& loop, const net::TlsContext& tls, Watcher& watcher, Place place, std::size_t receiver);

    void start();
    void say(const Stamp& stamp);

    /// Its number among the receivers of its room.
    [[nodiscard]] std::size_t receiver() const { return receiver_; }
    [[nodiscard]] std::size_t room_index() const { return place_.room_index; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] std::size_t unacked() const { return unacked_.size(); }

private:
    void on_open() override;
    void on_text(std::string_view frame) override;
    void on_down(std::string_view why) override;

    void dial();
    void try_again(std::string_view why);
    void take_message(std::int64_t seq, const Stamp& stamp);
    void take_joined(std::string_view frame);
    void take_ack(std::string_view frame);
    void take_error(std::string_view frame);
    void send(const Stamp& stamp);
    void send_failed_later(std::chrono::milliseconds wait);

    net::Loop& loop_;
    const net::TlsContext& tls_;
    Watcher& watcher_;
    Place place_;
    std::size_t receiver_;
    std::unique_ptr<WsClient> client_;
    boost::asio::steady_timer dial_timer_;  // the pause before an attempt, then its deadline
    boost::asio::steady_timer resend_timer_;
    Counts counts_;
    std::string epoch_;
    std::int64_t last_seq_ = -1;
    std::map<std::uint64_t, std::int64_t> unacked_;  // number to the time intended
    std::set<std::uint64_t> failed_;                 // of those, to be sent again by `resend_timer_`
    std::size_t url_ = 0;
    bool joined_before_ = false;
    bool live_ = false;
    bool redialing_ = false;
};

}  // namespace roomcast::bench
