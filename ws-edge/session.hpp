#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "shared/auth/client_address.hpp"
#include "shared/auth/jwt.hpp"
#include "shared/core/token_bucket.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/deflate.hpp"
#include "shared/net/websocket.hpp"
#include "shared/wire/client_frames.hpp"
#include "ws-edge/membership.hpp"
#include "ws-edge/messages.hpp"

namespace roomcast::edge {

class Shard;

/// One authenticated WebSocket connection: its rooms, its questions, its messages on their way.
///
/// Owned by its Client, lives on the shard's thread. It ends in one way: `close` says why to the peer, then
/// the connection ends, then the Client and with it the session are destroyed. Every frame from the client is
/// answered, or is a message whose answer is its ack.
class Session final : public net::ws::MessageSink {
public:
    /// `compression`, where the client negotiated it, is the shard's.
    Session(Shard& shard, net::Connection& connection, SessionKey key, auth::Claims claims,
            auth::AddressKey address, net::Compression* compression);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void welcome();
    void join(const wire::Join& join);
    /// Bytes behind the upgrade.
    void on_bytes(std::span<char> bytes);
    void close(CloseCode code);
    void close(CloseCode code, std::string_view reason);

    // From the shard.
    void on_room_opened(Membership& member);
    void on_room_refused(Membership& member, const Error& error);
    void on_room_closed(Membership& member, const Error& error);
    void on_room_changed(Membership& member, const RoomInfo& before);
    void on_password_checked(std::uint64_t ticket, const Result<void>& outcome);
    /// Out of the room, by its owner.
    void put_out(Membership& member, std::string_view reason);
    void on_page(std::uint64_t ticket, Result<link::HistoryPage> page);
    void on_signal(const RoomSlug& room, const link::Person& from, std::string_view data);
    void on_signal_failed(const RoomSlug& room, std::string_view id, const Error& error);
    void on_members(const RoomSlug& room, std::string_view id, const Result<std::string>& frame);
    void on_publish_done(const RoomSlug& room, const MessageId& id, const Result<Seq>& outcome);
    /// The outbox has room again.
    void on_room_again();
    /// Once a second: heartbeat, slow peers, tokens that ran out.
    void tick(std::int64_t now_ms);

    [[nodiscard]] SessionKey key() const { return key_; }
    [[nodiscard]] const SessionId& id() const { return id_; }
    [[nodiscard]] const UserName& user() const { return claims_.user; }
    [[nodiscard]] const FoldedName& folded() const { return folded_; }
    [[nodiscard]] const auth::Claims& claims() const { return claims_; }
    [[nodiscard]] Actor actor() const { return Actor{claims_.user, claims_.guest ? "" : claims_.account_id}; }
    [[nodiscard]] std::size_t unanswered() const { return unacked_; }

private:
    bool on_message(net::ws::Opcode kind, std::string_view payload) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    bool on_close(std::optional<std::uint16_t> code, std::string_view reason) override;

    void handle(const wire::Join& frame) { join(frame); }
    void handle(const wire::Leave& frame);
    void handle(wire::SendMessage&& frame);
    void handle(const wire::Typing& frame);
    void handle(const wire::ReadHistory& frame);
    void handle(const wire::AskMembers& frame);
    void handle(const wire::Signal& frame);
    void handle(const wire::Refresh& frame);

    /// Whether it may come in; where that takes a while, it goes on in on_password_checked.
    void admit(Membership& member);
    void check_password(Membership& member, std::string hash);
    void publish(Membership& member, wire::SendMessage message, TimeMs now);
    void ask_first_page(Membership& member);
    void ask_next_page(Membership& member);
    void ask(Membership& member, link::ReadHistory question);
    void on_first_page(Membership& member, const link::HistoryPage& page);
    void on_next_page(Membership& member, const link::HistoryPage& page);
    void say_joined(Membership& member, const link::HistoryPage& page);
    void go_on(Membership& member, bool more);
    /// Ends the membership, if there is one. What waits for an answer there is answered with `why`.
    void leave_room(const RoomSlug& room, const Error& why);
    [[nodiscard]] Membership* find(const RoomSlug& room);

    /// Waits for the peer's close frame, up to a deadline, then ends the connection.
    void await_close();
    void say(std::string_view text);
    void say_error(const Error& error, std::string_view id, std::string_view room);

    struct Question {
        RoomSlug room;
        std::string id;
    };

    Shard& shard_;
    net::Connection& connection_;
    SessionKey key_;
    SessionId id_;
    auth::Claims claims_;
    FoldedName folded_;
    auth::AddressKey address_;
    TokenBucket allowance_;  // of messages
    net::ws::Decoder decoder_;
    net::Compression* compression_;  // none: not agreed on
    std::vector<std::unique_ptr<Membership>> memberships_;
    std::unordered_map<std::uint64_t, Question> questions_;  // history asked for, by ticket
    std::uint64_t next_ticket_ = 1;
    std::size_t asides_ = 0;  // lists of members asked for
    std::size_t unacked_ = 0;
    std::int64_t heard_ms_;
    std::int64_t pinged_ms_;
    std::int64_t taken_ms_;
    std::uint64_t heard_bytes_ = 0;
    std::uint64_t taken_bytes_ = 0;
    bool closing_ = false;  // our close frame is sent
    bool broken_ = false;   // the peer broke the protocol: nothing it says is understood any more
    std::unique_ptr<boost::asio::steady_timer> goodbye_timer_;
};

}  // namespace roomcast::edge
