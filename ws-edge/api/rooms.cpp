#include "ws-edge/api/rooms.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "shared/auth/bcrypt.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"
#include "ws-edge/api/json_http.hpp"

namespace roomcast::edge {
namespace {

using nlohmann::json;

/// What anybody may see of a public room.
json summary_of(const link::RoomReply& reply) {
    const RoomInfo& room = reply.room;
    json owner = room.owner.has_account() ? json(room.owner.user.str()) : json(nullptr);
    return json{{"room", room.log.room.str()},
                {"title", room.title},
                {"owner", std::move(owner)},
                {"created", format_rfc3339(room.created)},
                {"members", reply.members}};
}

/// What who is in may see.
json description_of(const link::RoomReply& reply, const Actor& who) {
    const RoomInfo& room = reply.room;
    json described = summary_of(reply);
    described["epoch"] = room.log.epoch.str();
    described["private"] = room.is_private();
    described["retention_s"] = room.retention_ms ? json(*room.retention_ms / 1000) : json(nullptr);
    described["you_own"] = room.owned_by(who);
    return described;
}

Result<std::string> title_of(const json& body) {
    auto title = text_field(body, "title");
    if (!title) return title;
    const bool plain = valid_utf8(*title) && std::none_of(title->begin(), title->end(), [](char c) {
                           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                       });
    if (!plain) return Error{Errc::bad_frame, "\"title\" holds control characters"};
    if (title->size() > limits::room_title_bytes) return Error{Errc::too_large, "\"title\" is too long"};
    return title;
}

/// Milliseconds; none for null: the operator's default.
Result<std::optional<std::int64_t>> retention_of(const json& body) {
    const json& value = body.at("retention_s");
    if (value.is_null()) return std::optional<std::int64_t>{};
    if (!value.is_number_integer())
        return Error{Errc::bad_frame, "\"retention_s\" is not a whole number or null"};
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > limits::retention_s_most)
        return Error{Errc::bad_frame, "\"retention_s\" is too long"};
    const auto seconds = value.get<std::int64_t>();
    if (seconds < limits::retention_s_least || seconds > limits::retention_s_most)
        return Error{Errc::bad_frame, "\"retention_s\" is too short or too long"};
    return std::optional<std::int64_t>{seconds * 1000};
}

/// The password that a body sets; none where it does not.
Result<std::optional<std::string>> password_of(const json& body) {
    const auto found = body.find("password");
    if (found == body.end()) return std::optional<std::string>{};
    if (!found->is_string()) return Error{Errc::bad_frame, "\"password\" is not a string"};
    auto password = found->get<std::string>();
    if (const auto good = auth::password_allowed(password); !good) return good.error();
    return std::optional<std::string>{std::move(password)};
}

}  // namespace

void Rooms::list(const ExchangePtr& exchange) {
    const auto& request = exchange->request();
    const auto limit = number_in_query(request, "limit");
    if (!limit) return exchange->fail(limit.error());
    if (*limit && **limit < 1) return exchange->fail(Error{Errc::bad_frame, "limit is below 1"});
    const std::string after = request.query("after").value_or("");
    if (!after.empty() && !RoomSlug::parse(after)) return exchange->fail(Errc::bad_room);
    const std::string query = request.query("q").value_or("");
    if (query.size() > limits::room_query_bytes || !valid_utf8(query))
        return exchange->fail(Error{Errc::bad_frame, "q is too long, or not UTF-8"});
    const int most =
        static_cast<int>(std::min<std::int64_t>(limit->value_or(limits::rooms_default), limits::rooms_page));
    core_.list_rooms(after, query, most, [exchange](const Result<link::RoomPage>& page) {
        if (!page) return exchange->fail(page.error());
        json rooms = json::array();
        for (const auto& room : page->rooms) rooms.push_back(summary_of(room));
        exchange->answer(json_response(200, {{"rooms", std::move(rooms)}, {"more", page->more}}));
    });
}

void Rooms::create(const ExchangePtr& exchange) {
    if (exchange->claims().guest && !settings_.guests_create)
        return exchange->fail(Error{Errc::forbidden, "guests may not make rooms here"});
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto name = text_field(*body, "room");
    if (!name) return exchange->fail(name.error());
    const auto slug = RoomSlug::parse(*name);
    if (!slug) return exchange->fail(Errc::bad_room);
    RoomInfo room;
    room.log = LogId{*slug, make_epoch()};
    room.owner = exchange->actor();
    room.created = now_ms();
    if (body->contains("title")) {
        auto title = title_of(*body);
        if (!title) return exchange->fail(title.error());
        room.title = std::move(*title);
    }
    if (body->contains("retention_s")) {
        const auto retention = retention_of(*body);
        if (!retention) return exchange->fail(retention.error());
        room.retention_ms = *retention;
    }
    const auto password = password_of(*body);
    if (!password) return exchange->fail(password.error());
    const auto make = [this, exchange](RoomInfo described) {
        const Slot slot = slot_of(described.log.room);
        core_.caller().call(slot, link::CreateRoom{std::move(described)}, [exchange](link::Reply reply) {
            const auto made = expect<link::RoomReply>(std::move(reply));
            if (!made) return exchange->fail(made.error());
            exchange->answer(json_response(201, description_of(*made, exchange->actor())));
        });
    };
    if (!*password) return make(std::move(room));
    passwords_.hash(**password, [exchange, make, room](Result<std::string> hash) mutable {
        if (!hash) return exchange->fail(hash.error());
        room.password_hash = std::move(*hash);
        room.password_version = 1;
        make(std::move(room));
    });
}

void Rooms::describe(const ExchangePtr& exchange, const RoomSlug& room) {
    door_.enter(exchange, room, [exchange](const link::RoomReply& found) {
        exchange->answer(json_response(200, description_of(found, exchange->actor())));
    });
}

void Rooms::change(const ExchangePtr& exchange, const RoomSlug& room) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    link::ChangeRoom change;
    change.room = room;
    change.by = exchange->actor();
    if (body->contains("title")) {
        auto title = title_of(*body);
        if (!title) return exchange->fail(title.error());
        change.title = std::move(*title);
    }
    if (body->contains("retention_s")) {
        const auto retention = retention_of(*body);
        if (!retention) return exchange->fail(retention.error());
        change.change_retention = true;
        change.retention_ms = *retention;
    }
    std::optional<std::string> owner;
    if (body->contains("owner")) {
        auto name = text_field(*body, "owner");
        if (!name) return exchange->fail(name.error());
        owner = std::move(*name);
    }
    std::optional<std::string> password;
    if (body->contains("password") && body->at("password").is_null()) {
        change.password_hash = "";
    } else {
        auto given = password_of(*body);
        if (!given) return exchange->fail(given.error());
        password = std::move(*given);
    }
    const auto go_on = [this, exchange, owner](link::ChangeRoom complete) {
        if (owner) return find_new_owner(exchange, std::move(complete), *owner);
        send_change(exchange, std::move(complete), true);
    };
    if (!password) return go_on(std::move(change));
    passwords_.hash(*password, [exchange, go_on, change](Result<std::string> hash) mutable {
        if (!hash) return exchange->fail(hash.error());
        change.password_hash = std::move(*hash);
        go_on(std::move(change));
    });
}

void Rooms::find_new_owner(const ExchangePtr& exchange, link::ChangeRoom change, const std::string& name) {
    const auto user = parse_user_name(name);
    if (!user) return exchange->fail(user.error());
    const FoldedName folded = fold_name(*user);
    core_.caller().call(slot_of(folded), link::FindAccount{folded},
                        [this, exchange, change = std::move(change)](link::Reply reply) mutable {
                            const auto found = expect<link::AccountReply>(std::move(reply));
                            if (!found && found.error().code == Errc::not_found)
                                return exchange->fail(Error{Errc::not_found, "no account has that name"});
                            if (!found) return exchange->fail(found.error());
                            change.owner = Actor{found->account.name, found->account.id.str()};
                            send_change(exchange, std::move(change), true);
                        });
}

void Rooms::send_change(const ExchangePtr& exchange, link::ChangeRoom change, bool answer_with_room) {
    const Slot slot = slot_of(change.room);
    core_.caller().call(slot, std::move(change), [exchange, answer_with_room](link::Reply reply) {
        const auto changed = expect<link::RoomReply>(std::move(reply));
        if (!changed) return exchange->fail(changed.error());
        exchange->answer(answer_with_room ? json_response(200, description_of(*changed, exchange->actor()))
                                          : empty_response());
    });
}

void Rooms::remove(const ExchangePtr& exchange, const RoomSlug& room) {
    core_.caller().call(slot_of(room), link::DeleteRoom{room, exchange->actor()},
                        [exchange](link::Reply reply) {
                            const auto gone = expect<link::Done>(std::move(reply));
                            if (!gone) return exchange->fail(gone.error());
                            exchange->answer(empty_response());
                        });
}

void Rooms::kick(const ExchangePtr& exchange, const RoomSlug& room) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto name = text_field(*body, "user");
    if (!name) return exchange->fail(name.error());
    const auto user = parse_user_name(*name);
    if (!user) return exchange->fail(user.error());
    core_.caller().call(slot_of(room), link::KickUser{room, exchange->actor(), fold_name(*user)},
                        [exchange](link::Reply reply) {
                            const auto kicked = expect<link::Done>(std::move(reply));
                            if (!kicked) return exchange->fail(kicked.error());
                            exchange->answer(empty_response());
                        });
}

void Rooms::bans(const ExchangePtr& exchange, const RoomSlug& room) {
    core_.caller().call(slot_of(room), link::FindRoom{room}, [exchange](link::Reply reply) {
        const auto found = expect<link::RoomReply>(std::move(reply));
        if (!found) return exchange->fail(found.error());
        if (!found->room.owned_by(exchange->actor()))
            return exchange->fail(found->room.is_private() ? Errc::no_such_room : Errc::forbidden);
        json names = json::array();
        for (const auto& user : found->room.banned) names.push_back(user.str());
        exchange->answer(json_response(200, {{"bans", std::move(names)}}));
    });
}

void Rooms::ban(const ExchangePtr& exchange, const RoomSlug& room, std::string_view user, bool banned) {
    const auto name = net::http::percent_decode(user);
    if (!name) return exchange->fail(Errc::bad_nick);
    const auto parsed = parse_user_name(*name);
    if (!parsed) return exchange->fail(parsed.error());
    link::ChangeRoom change;
    change.room = room;
    change.by = exchange->actor();
    (banned ? change.ban : change.unban) = fold_name(*parsed);
    if (banned && change.ban == exchange->folded())
        return exchange->fail(Error{Errc::forbidden, "you cannot ban yourself"});
    send_change(exchange, std::move(change), false);
}

}  // namespace roomcast::edge
