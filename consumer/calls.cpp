#include "consumer/calls.hpp"

#include <algorithm>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {

/// Who may not know that a private room is there is told that it is not.
Error not_yours(const RoomInfo& room) {
    return room.is_private() ? Error{Errc::no_such_room, {}}
                             : Error{Errc::forbidden, "only the room's owner may do that"};
}

Result<RoomInfo> edited(const RoomInfo& room, const link::ChangeRoom& change) {
    if (!room.owned_by(change.by)) return not_yours(room);
    RoomInfo next = room;
    if (change.title) next.title = *change.title;
    if (change.password_hash) {
        next.password_hash = *change.password_hash;
        ++next.password_version;
    }
    if (change.change_retention) next.retention_ms = change.retention_ms;
    if (change.owner) next.owner = *change.owner;
    if (change.unban) std::erase(next.banned, *change.unban);
    if (change.ban && !next.bans(*change.ban)) {
        if (next.banned.size() >= limits::banned_per_room)
            return Error{Errc::too_large, "the room's list of bans is full"};
        next.banned.push_back(*change.ban);
    }
    return next;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace

Calls::Calls(channel::LogReader& reader, channel::RoomDirectory& rooms, channel::AccountDirectory& accounts,
             Answer answer, ActiveHub active_hub)
    : reader_(reader),
      rooms_(rooms),
      accounts_(accounts),
      answer_(std::move(answer)),
      active_hub_(std::move(active_hub)),
      alive_(std::make_shared<bool>(true)) {}

Calls::~Calls() { *alive_ = false; }

void Calls::on_call(PeerId peer, const link::Call& call) {
    std::visit([&](const auto& body) { handle(To{peer, call.request}, body); }, call.body);
}

void Calls::drop_peer(PeerId peer) { nicks_.drop_peer(peer, now_ms()); }
void Calls::sweep() { nicks_.sweep(now_ms()); }

/// A callback that answers with an error, or with what `make` makes of the value.
template <class T, class Make>
std::function<void(Result<T>)> Calls::answering(To to, Make make) {
    return [this, alive = alive_, to, make = std::move(make)](Result<T> outcome) {
        if (!*alive) return;
        if (!outcome) return answer_(to.peer, to.request, outcome.error());
        if constexpr (std::is_void_v<T>) {
            answer_(to.peer, to.request, make());
        } else {
            answer_(to.peer, to.request, make(*outcome));
        }
    };
}

link::RoomReply Calls::describe(const RoomInfo& room) const {
    const RoomHub* const hub = active_hub_(room.log);
    return link::RoomReply{room, hub != nullptr ? hub->people() : 0};
}

void Calls::handle(To to, const link::CreateRoom& call) {
    rooms_.create(call.room,
                  answering<RoomInfo>(to, [this](const RoomInfo& room) { return describe(room); }));
}

void Calls::handle(To to, const link::FindRoom& call) {
    rooms_.open(call.room, false, {},
                answering<RoomInfo>(to, [this](const RoomInfo& room) { return describe(room); }));
}

void Calls::handle(To to, const link::ChangeRoom& call) {
    rooms_.change(
        call.room, [call](const RoomInfo& room) { return edited(room, call); },
        answering<RoomInfo>(to, [this](const RoomInfo& room) { return describe(room); }));
}

void Calls::as_owner(To to, const RoomSlug& room, const Actor& by,
                     std::function<void(const RoomInfo&)> then) {
    rooms_.open(room, false, {},
                [this, alive = alive_, to, by, then = std::move(then)](Result<RoomInfo> found) {
                    if (!*alive) return;
                    if (!found) return answer_(to.peer, to.request, found.error());
                    if (!found->owned_by(by)) return answer_(to.peer, to.request, not_yours(*found));
                    then(*found);
                });
}

void Calls::handle(To to, const link::DeleteRoom& call) {
    as_owner(to, call.room, call.by, [this, to](const RoomInfo& room) {
        rooms_.remove(room.log, answering<void>(to, [] { return link::Done{}; }));
    });
}

void Calls::handle(To to, const link::KickUser& call) {
    as_owner(to, call.room, call.by, [this, to, user = call.user](const RoomInfo& room) {
        if (RoomHub* const hub = active_hub_(room.log)) hub->kick(user);
        answer_(to.peer, to.request, link::Done{});
    });
}

void Calls::handle(To to, const link::HideMessage& call) {
    as_owner(to, call.room, call.by,
             [this, to, seq = call.seq](const RoomInfo& room) { hide(to, room, seq); });
}

void Calls::hide(To to, const RoomInfo& room, Seq seq) {
    reader_.bounds(room.log, [this, alive = alive_, to, room, seq](Result<channel::Bounds> bounds) {
        if (!*alive) return;
        if (!bounds) return answer_(to.peer, to.request, bounds.error());
        rooms_.forget_hidden(room.log, bounds->first);
        if (seq < bounds->first || seq >= bounds->next)
            return answer_(to.peer, to.request, Error{Errc::not_found, "no such message"});
        rooms_.hide(room.log, seq, answering<void>(to, [this, room] { return describe(room); }));
    });
}

void Calls::handle(To to, const link::ListRooms& call) {
    const int limit = std::clamp(call.limit, 1, limits::rooms_page);
    const auto wanted = [query = call.query](const RoomInfo& room) {
        return !room.is_private() &&
               (query.empty() || contains(room.log.room.str(), query) || contains(room.title, query));
    };
    rooms_.list(call.slots, call.after, limit, wanted,
                answering<std::vector<RoomInfo>>(to, [this, limit](const std::vector<RoomInfo>& found) {
                    link::RoomPage page;
                    page.more = found.size() > static_cast<std::size_t>(limit);
                    for (const auto& room : found)
                        if (page.rooms.size() < static_cast<std::size_t>(limit))
                            page.rooms.push_back(describe(room));
                    return page;
                }));
}

void Calls::handle(To to, const link::CreateAccount& call) {
    if (nicks_.in_use(call.account.folded, now_ms()))
        return answer_(to.peer, to.request, Error{Errc::name_taken, "a guest uses that name at the moment"});
    accounts_.create(call.account, call.account.id, answering<AccountInfo>(to, [](const AccountInfo& made) {
                         return link::AccountReply{made};
                     }));
}

void Calls::handle(To to, const link::FindAccount& call) {
    accounts_.find(call.user, answering<AccountInfo>(
                                  to, [](const AccountInfo& found) { return link::AccountReply{found}; }));
}

void Calls::handle(To to, const link::ChangePassword& call) {
    accounts_.change_password(
        call.user, call.password_hash, call.now,
        answering<AccountInfo>(to, [](const AccountInfo& changed) { return link::AccountReply{changed}; }));
}

void Calls::handle(To to, const link::DeleteAccount& call) {
    accounts_.remove(call.user, answering<void>(to, [] { return link::Done{}; }));
}

void Calls::handle(To to, const link::ClaimNick& call) {
    using Kind = link::ClaimNick::Kind;
    if (call.kind == Kind::reserve) return reserve_nick(to, call);
    Result<void> held;
    if (call.kind == Kind::hold) {
        held = nicks_.hold(to.peer, call.nick, call.token_id, now_ms());
    } else {
        nicks_.release(to.peer, call.nick, call.token_id, now_ms());
    }
    answer_(to.peer, to.request, held ? link::Reply(link::Done{}) : link::Reply(held.error()));
}

void Calls::reserve_nick(To to, const link::ClaimNick& call) {
    accounts_.find(call.nick, [this, alive = alive_, to, call](const Result<AccountInfo>& found) {
        if (!*alive) return;
        if (found) return answer_(to.peer, to.request, Error{Errc::name_taken, "an account has that name"});
        if (found.error().code != Errc::not_found) return answer_(to.peer, to.request, found.error());
        const auto reserved = nicks_.reserve(call.nick, call.token_id, now_ms());
        answer_(to.peer, to.request, reserved ? link::Reply(link::Done{}) : link::Reply(reserved.error()));
    });
}

}  // namespace roomcast::consumer
