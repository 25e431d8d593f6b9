#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/core/account_info.hpp"
#include "shared/core/errors.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/room_info.hpp"

/// What an edge asks of a slot's worker about rooms and accounts, and the answers. A call that is asked again
/// after its worker was lost has the same outcome: creations carry the id of what they make.
namespace roomcast::link {

/// The edge's number for one question.
struct RequestId {
    std::uint64_t value = 0;
    auto operator<=>(const RequestId&) const = default;
};

/// Answered by a RoomReply; `name_taken` where another incarnation has the name.
struct CreateRoom {
    RoomInfo room;
};
/// Answered by a RoomReply, or `no_such_room`.
struct FindRoom {
    RoomSlug room;
};
/// What an owner changes; what is not given stays. `forbidden` for anybody else.
struct ChangeRoom {
    RoomSlug room;
    Actor by;
    std::optional<std::string> title;
    std::optional<std::string> password_hash;  // empty: public again
    bool change_retention = false;
    std::optional<std::int64_t> retention_ms;  // none: the operator's default
    std::optional<Actor> owner;
    std::optional<FoldedName> ban;
    std::optional<FoldedName> unban;
};
/// Answered by Done; the room is gone for everybody.
struct DeleteRoom {
    RoomSlug room;
    Actor by;
};
/// Answered by Done. Edges put that user out, who may come back.
struct KickUser {
    RoomSlug room;
    Actor by;
    FoldedName user;
};
/// Takes a message out of the room's history. Answered by a RoomReply; the edge then says so in the log.
struct HideMessage {
    RoomSlug room;
    Actor by;
    Seq seq;
};
/// Public rooms of these slots by name. Answered by a RoomPage.
struct ListRooms {
    std::vector<Slot> slots;
    std::string after;  // names above this one
    std::string query;  // part of the name or the title, in lower case; empty: all
    int limit = limits::rooms_default;
};
/// Answered by an AccountReply, or `name_taken`.
struct CreateAccount {
    AccountInfo account;
};
/// Answered by an AccountReply, or `not_found`.
struct FindAccount {
    FoldedName user;
};
/// Answered by an AccountReply, or `not_found`.
struct ChangePassword {
    FoldedName user;
    std::string password_hash;
    TimeMs now = 0;
};
/// Answered by Done, or `not_found`.
struct DeleteAccount {
    FoldedName user;
};
/// A guest's nick: one token at a time has it. Answered by Done, or `name_taken`.
struct ClaimNick {
    enum class Kind : std::uint8_t { reserve, hold, release };
    FoldedName nick;
    std::string token_id;
    Kind kind = Kind::reserve;
};
using CallBody = std::variant<CreateRoom, FindRoom, ChangeRoom, DeleteRoom, KickUser, HideMessage, ListRooms,
                              CreateAccount, FindAccount, ChangePassword, DeleteAccount, ClaimNick>;
struct Call {
    RequestId request;
    CallBody body;
};

struct Done {};
struct RoomReply {
    RoomInfo room;
    std::uint32_t members = 0;
};
struct RoomPage {
    std::vector<RoomReply> rooms;
    bool more = false;
};
struct AccountReply {
    AccountInfo account;
};
using Reply = std::variant<Error, Done, RoomReply, RoomPage, AccountReply>;
struct Returned {
    RequestId request;
    Reply reply;
};

}  // namespace roomcast::link
