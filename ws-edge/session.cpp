#include "ws-edge/session.hpp"

#include <algorithm>
#include <utility>

#include "producer/publisher.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/names.hpp"
#include "shared/wire/server_frames.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {
using net::ws::Opcode;

Session::Session(Shard& shard, net::Connection& connection, SessionKey key, auth::Claims claims,
                 auth::AddressKey address, net::Compression* compression)
    : shard_(shard),
      connection_(connection),
      key_(key),
      id_(make_session_id()),
      claims_(std::move(claims)),
      folded_(fold_name(claims_.user)),
      address_(address),
      allowance_(shard.session_rate(), now_ms()),
      decoder_(net::Role::server, limits::client_frame_bytes),
      compression_(compression),
      heard_ms_(now_ms()),
      pinged_ms_(heard_ms_),
      taken_ms_(heard_ms_) {
    ++shard_.stats().sessions;
    if (compression_ != nullptr) decoder_.allow_deflate(*compression_);
    if (claims_.guest) shard_.tell_core(NickInUse{key_, folded_, claims_.account_id, true});
}

Session::~Session() {
    --shard_.stats().sessions;
    if (claims_.guest) shard_.tell_core(NickInUse{key_, folded_, claims_.account_id, false});
    for (auto& member : memberships_) shard_.part(*member);
}

void Session::say(std::string_view text) {
    if (closing_) return;
    auto compressed = compression_ != nullptr ? compression_->frame_of(text) : std::nullopt;
    connection_.send(compressed ? std::move(*compressed) : net::ws::encode(Opcode::text, text));
    if (connection_.owed_bytes() > limits::outbox_reply_bytes) {
        ++shard_.stats().closed_slow;
        return close(CloseCode::too_slow);
    }
    // Answers pile up only as fast as questions come: stop listening until the peer takes what it is owed.
    if (connection_.owed_bytes() > limits::outbox_bytes) connection_.pause_reading();
}

void Session::say_error(const Error& error, std::string_view id, std::string_view room) {
    say(wire::error_frame(error, id, room));
}

void Session::welcome() { say(wire::welcome_frame(id_, claims_.user, shard_.node(), limits::heartbeat_s)); }

void Session::close(CloseCode code) { close(code, reason_of(code)); }

void Session::close(CloseCode code, std::string_view reason) {
    if (closing_) return;
    connection_.send(net::ws::encode_close(code, reason));
    closing_ = true;
    if (connection_.reading_paused()) connection_.resume_reading();
    await_close();
}

void Session::await_close() {
    // The peer answers a close frame with its own, and many clients take it ill when the connection ends
    // before that.
    goodbye_timer_ = std::make_unique<boost::asio::steady_timer>(shard_.loop().io());
    goodbye_timer_->expires_after(
        std::chrono::milliseconds(broken_ ? limits::broken_close_ms : limits::close_deadline_ms));
    goodbye_timer_->async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        connection_.finish();
        shard_.expect_end(key_);
    });
}

void Session::on_bytes(std::span<char> bytes) {
    if (broken_) return;
    if (const auto broken = decoder_.feed(bytes, *this)) {
        broken_ = true;
        if (closing_) return connection_.finish();
        close(*broken);
    }
}

bool Session::on_message(Opcode kind, std::string_view payload) {
    if (closing_) return true;  // what was on its way when we closed is not taken
    if (kind != Opcode::text) {
        close(CloseCode::unsupported_data);
        return true;
    }
    ++shard_.stats().frames_in;
    const RoomSlug* const only = memberships_.size() == 1 ? &memberships_.front()->join.room : nullptr;
    auto parsed = wire::parse_client_frame(payload, only);
    if (const auto* const bad = std::get_if<wire::BadFrame>(&parsed)) {
        ++shard_.stats().frames_bad;
        say_error(bad->error, bad->id, bad->room);
    } else {
        std::visit([&](auto& frame) { handle(std::move(frame)); }, std::get<wire::ClientFrame>(parsed));
    }
    return true;
}

bool Session::on_ping(std::string_view payload) {
    if (!closing_) connection_.send(net::ws::encode(Opcode::pong, payload));
    return true;
}

bool Session::on_pong(std::string_view) { return true; }

bool Session::on_close(std::optional<std::uint16_t> code, std::string_view) {
    if (!closing_) {
        connection_.send(code ? net::ws::encode_close(static_cast<CloseCode>(*code), {})
                              : net::ws::encode(Opcode::close, {}));
        closing_ = true;
    }
    goodbye_timer_.reset();
    connection_.finish();
    shard_.expect_end(key_);
    return false;
}

Membership* Session::find(const RoomSlug& room) {
    for (auto& member : memberships_)
        if (member->join.room == room) return member.get();
    return nullptr;
}

void Session::handle(const wire::Leave& frame) {
    if (find(frame.room) == nullptr)
        return say_error(Error{Errc::not_a_member, {}}, frame.id, frame.room.str());
    leave_room(frame.room, Error{Errc::not_a_member, "the room was left first"});
    say(wire::left_frame(frame.room, frame.id, {}));
}

void Session::leave_room(const RoomSlug& room, const Error& why) {
    const auto found = std::find_if(memberships_.begin(), memberships_.end(),
                                    [&](const auto& member) { return member->join.room == room; });
    if (found == memberships_.end()) return;
    shard_.part(**found);
    const auto member = std::move(*found);
    memberships_.erase(found);
    for (const auto& message : member->early) {
        --unacked_;
        say_error(why, message.id.str(), room.str());
    }
    std::erase_if(questions_, [&](const auto& entry) {
        if (entry.second.room != room) return false;
        say_error(why, entry.second.id, room.str());
        return true;
    });
}

void Session::handle(wire::SendMessage&& frame) {
    ++shard_.stats().messages_in;
    Membership* const member = find(frame.room);
    if (member == nullptr) return say_error(Error{Errc::not_a_member, {}}, frame.id.str(), frame.room.str());
    if (shard_.draining()) return say_error(Error{Errc::restarting, {}}, frame.id.str(), frame.room.str());
    const TimeMs now = now_ms();
    if (const auto wait = allowance_.take(now)) {
        ++shard_.stats().rate_limited;
        return say_error(Error{Errc::rate_limited, "too many messages of this session", *wait},
                         frame.id.str(), frame.room.str());
    }
    if (unacked_ >= limits::unacked_per_session)
        return say_error(Error{Errc::busy, "too many messages of this session wait for their ack"},
                         frame.id.str(), frame.room.str());
    ++unacked_;
    if (member->state == Membership::State::opening || member->state == Membership::State::joining) {
        member->early.push_back(std::move(frame));
    } else {
        publish(*member, std::move(frame), now);
    }
}

void Session::publish(Membership& member, wire::SendMessage message, TimeMs now) {
    auto record = producer::make_record(message.room, message.id, claims_.user, message.text, now);
    if (!record) {
        --unacked_;
        return say_error(record.error(), message.id.str(), message.room.str());
    }
    shard_.tell_core(
        Publish{std::move(message.room), member.room->epoch(), key_, address_, std::move(record.value())});
}

void Session::on_publish_done(const RoomSlug& room, const MessageId& id, const Result<Seq>& outcome) {
    if (unacked_ > 0) --unacked_;
    if (outcome) {
        say(wire::ack_frame(room, id, *outcome));
    } else {
        say_error(outcome.error(), id.str(), room.str());
    }
}

void Session::handle(const wire::ReadHistory& frame) {
    Membership* const member = find(frame.room);
    if (member == nullptr) return say_error(Error{Errc::not_a_member, {}}, frame.id, frame.room.str());
    if (!member->admitted)
        return say_error(Error{Errc::busy, "the room is being opened"}, frame.id, frame.room.str());
    if (questions_.size() >= limits::pending_requests_per_session)
        return say_error(Error{Errc::busy, "too many questions of this session are open"}, frame.id,
                         frame.room.str());
    link::ReadHistory question;
    question.kind = static_cast<link::ReadHistory::Kind>(frame.kind);
    question.seq = frame.seq;
    question.time = frame.time;
    question.limit = frame.limit;
    question.at_least = member->room->delivered();
    const std::uint64_t ticket = next_ticket_++;
    questions_.emplace(ticket, Question{frame.room, frame.id});
    shard_.tell_core(AskPage{frame.room, key_, ticket, question});
}

void Session::handle(const wire::Refresh& frame) {
    auto claims = shard_.tokens().verify(frame.token, now_ms() / 1000);
    if (!claims) return say_error(claims.error(), {}, {});
    if (shard_.revocations().find(*claims))
        return say_error(Error{Errc::bad_token, "the token is revoked"}, {}, {});
    if (claims->user != claims_.user || claims->account_id != claims_.account_id)
        return say_error(Error{Errc::bad_token, "the token is somebody else's"}, {}, {});
    claims_ = std::move(claims.value());
    say(wire::refreshed_frame(claims_.expires_at_s * 1000));
}

void Session::tick(std::int64_t now) {
    if (closing_) return;
    if (claims_.expires_at_s * 1000 <= now) return close(CloseCode::token_expired);
    if (connection_.bytes_received() != heard_bytes_ || connection_.reading_paused()) {
        heard_bytes_ = connection_.bytes_received();
        heard_ms_ = now;
    }
    if (connection_.owed_bytes() == 0 || connection_.bytes_sent() != taken_bytes_) {
        taken_bytes_ = connection_.bytes_sent();
        taken_ms_ = now;
    }
    if (now - taken_ms_ > limits::slow_client_deadline_ms) {
        ++shard_.stats().closed_slow;
        return close(CloseCode::too_slow);
    }
    if (now - heard_ms_ > 2 * limits::heartbeat_s * 1000) {
        ++shard_.stats().closed_silent;
        return close(CloseCode::going_away, "no sign of life");
    }
    for (auto& member : memberships_)
        if (member->state == Membership::State::catching_up && !member->page_asked &&
            connection_.owed_bytes() <= limits::outbox_resume_bytes)
            ask_next_page(*member);
    if (now - std::max(pinged_ms_, heard_ms_) >= limits::heartbeat_s * 1000) {
        pinged_ms_ = now;
        connection_.send(net::ws::encode(Opcode::ping, {}));
    }
}

}  // namespace roomcast::edge
