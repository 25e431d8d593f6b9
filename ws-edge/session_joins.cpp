// The half of Session that joins rooms and catches up: from a question about the past to what is live,
// without a gap.
#include <algorithm>
#include <utility>

#include "shared/core/limits.hpp"
#include "shared/wire/server_frames.hpp"
#include "ws-edge/session.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {
namespace {

using Kind = link::ReadHistory::Kind;

std::vector<std::string_view> frames_of(const std::vector<link::Entry>& entries) {
    std::vector<std::string_view> frames;
    frames.reserve(entries.size());
    for (const auto& entry : entries)
        if (entry.shown()) frames.emplace_back(entry.frame);
    return frames;
}

}  // namespace

void Session::join(const wire::Join& join) {
    if (shard_.draining()) return say_error(Error{Errc::restarting, {}}, join.id, join.room.str());
    leave_room(join.room,
               Error{Errc::not_a_member, "the room was joined again first"});  // joining again starts over
    if (memberships_.size() >= limits::rooms_per_session)
        return say_error(Error{Errc::too_many_rooms, {}}, join.id, join.room.str());
    const auto unjoined = std::count_if(memberships_.begin(), memberships_.end(), [](const auto& member) {
        return member->state == Membership::State::opening || member->state == Membership::State::joining;
    });
    if (static_cast<std::size_t>(unjoined) >= limits::pending_requests_per_session)
        return say_error(Error{Errc::busy, "too many joins of this session are open"}, join.id,
                         join.room.str());
    ++shard_.stats().joins;
    memberships_.push_back(std::make_unique<Membership>());
    Membership& member = *memberships_.back();
    member.session = this;
    member.connection = &connection_;
    member.deflates = compression_ != nullptr;
    member.join = join;
    member.may_create = shard_.rooms_by_join() && (!claims_.guest || shard_.guests_create());
    // Whoever knows a password means a room that there is.
    if (join.password) member.may_create = false;
    member.asked_to_create = member.may_create;
    shard_.enter(member);
}

void Session::on_room_opened(Membership& member) {
    if (member.state == Membership::State::opening) admit(member);
}

void Session::admit(Membership& member) {
    const RoomInfo& room = member.room->info();
    if (room.bans(folded_) && !room.owned_by(actor()))
        return on_room_refused(member, Error{room.is_private() ? Errc::no_such_room : Errc::banned, {}});
    if (!room.is_private() || room.owned_by(actor())) {
        member.admitted = true;
        member.admitted_with = room.password_version;
        return ask_first_page(member);
    }
    if (!member.join.password) return on_room_refused(member, Error{Errc::no_such_room, {}});
    member.admitted_with = room.password_version;
    check_password(member, room.password_hash);
}

void Session::check_password(Membership& member, std::string hash) {
    if (member.password_ticket != 0) return;
    member.password_ticket = next_ticket_++;
    shard_.tell_core(CheckPassword{member.join.room, key_, member.password_ticket, address_, folded_,
                                   member.join.password.value_or(""), std::move(hash)});
}

void Session::on_password_checked(std::uint64_t ticket, const Result<void>& outcome) {
    for (auto& held : memberships_) {
        Membership& member = *held;
        if (member.password_ticket != ticket) continue;
        member.password_ticket = 0;
        if (!outcome || member.room == nullptr) {
            const bool wrong = outcome || outcome.error().code == Errc::wrong_password;
            return on_room_refused(member, wrong ? Error{Errc::no_such_room, {}} : outcome.error());
        }
        if (member.admitted_with != member.room->info().password_version)
            return admit(member);  // changed meanwhile
        member.admitted = true;
        return ask_first_page(member);
    }
}

void Session::on_room_refused(Membership& member, const Error& error) {
    if (error.code == Errc::no_such_room && member.room != nullptr && !member.room->open()) {
        // The room is not there. Somebody who may not create it asked first; or it takes as long to say so as
        // to refuse a wrong password.
        shard_.part(member);
        if (member.may_create && !member.asked_to_create) {
            member.asked_to_create = true;
            return shard_.enter(member);
        }
        if (member.join.password) return check_password(member, {});
    }
    ++shard_.stats().joins_refused;
    const RoomSlug room = member.join.room;
    const std::string id = member.join.id;
    leave_room(room, error);
    say_error(error, id, room.str());
}

void Session::on_room_changed(Membership& member, const RoomInfo& before) {
    const RoomInfo& room = member.room->info();
    const bool owner = room.owned_by(actor());
    if (!owner && room.bans(folded_)) return put_out(member, "banned");
    if (member.admitted && !owner && room.is_private() && member.admitted_with != room.password_version)
        return put_out(member, "password_changed");
    if (!room.is_private()) member.admitted_with = room.password_version;
    const bool described =
        before.title != room.title || before.owner != room.owner || before.is_private() != room.is_private();
    if (described && member.joined())
        say(wire::room_frame(member.join.room, room.title,
                             room.owner.has_account() ? room.owner.user.str() : "", room.is_private()));
}

void Session::put_out(Membership& member, std::string_view reason) {
    const RoomSlug room = member.join.room;
    const bool joined = member.joined();
    const std::string id = member.join.id;
    const Error why{reason == "banned" ? Errc::banned : Errc::not_a_member, {}};
    leave_room(room, why);
    if (!joined) return say_error(why, id, room.str());
    say(wire::left_frame(room, {}, reason));
}

void Session::on_room_closed(Membership& member, const Error& error) {
    const RoomSlug room = member.join.room;
    const bool joined =
        member.state == Membership::State::catching_up || member.state == Membership::State::live;
    on_room_refused(member, error);
    if (joined) say(wire::left_frame(room, {}, name_of(error.code)));
}

void Session::ask_first_page(Membership& member) {
    member.state = Membership::State::joining;
    link::ReadHistory question;
    question.at_least = member.room->delivered();
    const auto& resume = member.join.resume;
    if (resume && !member.not_recovered && resume->epoch != member.room->epoch())
        member.not_recovered = wire::NotRecovered::epoch_changed;
    if (resume && !member.not_recovered) {
        question.kind = Kind::after;
        question.seq = resume->since;
        question.limit = limits::resume_page_messages;
    } else {
        question.kind = Kind::latest;
        question.limit = member.join.last;
    }
    ask(member, question);
}

void Session::ask_next_page(Membership& member) {
    link::ReadHistory question;
    question.kind = Kind::after;
    question.seq = member.last;
    question.limit = limits::resume_page_messages;
    question.at_least = member.room->delivered();
    ask(member, question);
}

void Session::ask(Membership& member, link::ReadHistory question) {
    member.page_asked = true;
    member.ticket = next_ticket_++;
    shard_.tell_core(AskPage{member.join.room, key_, member.ticket, question});
}

void Session::on_page(std::uint64_t ticket, Result<link::HistoryPage> page) {
    const auto question = questions_.find(ticket);
    if (question != questions_.end()) {
        const Question asked = std::move(question->second);
        questions_.erase(question);
        if (!page) return say_error(page.error(), asked.id, asked.room.str());
        return say(wire::history_frame(asked.room, asked.id, frames_of(page->entries), page->more));
    }
    for (auto& member : memberships_) {
        if (!member->page_asked || member->ticket != ticket) continue;
        member->page_asked = false;
        const bool joining = member->state == Membership::State::joining;
        if (page) return joining ? on_first_page(*member, *page) : on_next_page(*member, *page);
        if (joining) return on_room_refused(*member, page.error());
        if (page.error().code == Errc::room_gone) return;  // RoomClosed follows
        return;  // a member that is behind stays so until `tick` asks again
    }
}

void Session::on_first_page(Membership& member, const link::HistoryPage& page) {
    const auto& resume = member.join.resume;
    if (resume && !member.not_recovered) {
        if (resume->since > page.log_last) member.not_recovered = wire::NotRecovered::future_seq;
        if (resume->since.next() < page.log_first) member.not_recovered = wire::NotRecovered::retention;
        if (member.not_recovered) return ask_first_page(member);
    }
    say_joined(member, page);
    if (closing_) return;
    auto early = std::exchange(member.early, {});
    const bool more = resume && !member.not_recovered && page.more;
    // Messages that were said before `joined` take their place behind it, in the order in which they came.
    for (auto& message : early) {
        if (!shard_.draining()) {
            publish(member, std::move(message), now_ms());
            continue;
        }
        --unacked_;
        say_error(Error{Errc::restarting, {}}, message.id.str(), message.room.str());
    }
    go_on(member, more);
}

void Session::say_joined(Membership& member, const link::HistoryPage& page) {
    const bool resuming = member.join.resume.has_value();
    wire::Joined joined{
        member.join.id, member.join.room, member.room->epoch(), std::nullopt, member.not_recovered,
        page.log_first, page.covered,     std::nullopt,         {},           {},
        false};
    if (resuming) joined.recovered = !member.not_recovered.has_value();
    if (resuming) ++(joined.recovered.value() ? shard_.stats().resumes : shard_.stats().resumes_failed);
    member.last = page.covered;
    member.state = Membership::State::catching_up;
    joined.members = member.room->count();
    const RoomInfo& info = member.room->info();
    joined.title = info.title;
    if (info.owner.has_account()) joined.owner = info.owner.user.str();
    joined.is_private = info.is_private();
    shard_.arrived(member);
    say(wire::joined_frame(joined, frames_of(page.entries)));
}

void Session::on_next_page(Membership& member, const link::HistoryPage& page) {
    // Retention may have passed the place where a slow reader was: a gap that it must be told of, so it joins
    // anew.
    if (member.last.next() < page.log_first) {
        say_error(Error{Errc::room_gone, "messages were lost to retention before you took them; join again"},
                  {}, member.join.room.str());
        const RoomSlug room = member.join.room;
        leave_room(room, Error{Errc::room_gone, {}});
        return say(wire::left_frame(room, {}, "retention"));
    }
    for (const auto& entry : page.entries) {
        if (!entry.shown() || entry.seq <= member.last) continue;
        connection_.send(net::ws::encode(net::ws::Opcode::text, entry.frame));
        ++shard_.stats().deliveries;
    }
    member.last = std::max(member.last, page.covered);
    go_on(member, page.more);
}

void Session::go_on(Membership& member, bool more) {
    if (!more && member.room->go_live(member)) return;
    if (connection_.owed_bytes() <= limits::outbox_resume_bytes) return ask_next_page(member);
    // on_room_again goes on.
}

void Session::on_room_again() {
    if (connection_.reading_paused()) connection_.resume_reading();
    for (auto& member : memberships_)
        if (member->state == Membership::State::catching_up && !member->page_asked) ask_next_page(*member);
}

}  // namespace roomcast::edge
