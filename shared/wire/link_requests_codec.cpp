// The link's requests as bytes: edge to worker.
#include "shared/wire/link_codec.hpp"
#include "shared/wire/link_fields.hpp"

namespace roomcast::link {
namespace bytes {

template <class A>
void fields(A& archive, Ref<A, Subscribe> value) {
    archive(value.sub, value.room, value.create, value.creator, maybe(value.epoch), value.after);
}
template <class A>
void fields(A& archive, Ref<A, Unsubscribe> value) {
    archive(value.sub);
}
template <class A>
void fields(A& archive, Ref<A, ReadHistory> value) {
    archive(value.request, value.sub, value.kind, value.seq, value.time, value.limit, value.at_least);
}
template <class A>
void fields(A& archive, Ref<A, RosterChange> value) {
    archive(value.sub, value.reset, value.joined, value.left);
}
template <class A>
void fields(A& archive, Ref<A, SayTyping> value) {
    archive(value.sub, value.who, value.typing);
}
template <class A>
void fields(A& archive, Ref<A, SendSignal> value) {
    archive(value.request, value.sub, value.from, value.to, value.data);
}
template <class A>
void fields(A& archive, Ref<A, AskMembers> value) {
    archive(value.request, value.sub);
}
template <class A>
void fields(A& archive, Ref<A, CreateRoom> value) {
    archive(value.room);
}
template <class A>
void fields(A& archive, Ref<A, FindRoom> value) {
    archive(value.room);
}
template <class A>
void fields(A& archive, Ref<A, ChangeRoom> value) {
    archive(value.room, value.by, value.title, value.password_hash, value.change_retention,
            value.retention_ms, value.owner, value.ban, value.unban);
}
template <class A>
void fields(A& archive, Ref<A, DeleteRoom> value) {
    archive(value.room, value.by);
}
template <class A>
void fields(A& archive, Ref<A, KickUser> value) {
    archive(value.room, value.by, value.user);
}
template <class A>
void fields(A& archive, Ref<A, HideMessage> value) {
    archive(value.room, value.by, value.seq);
}
template <class A>
void fields(A& archive, Ref<A, ListRooms> value) {
    archive(value.slots, value.after, value.query, value.limit);
}
template <class A>
void fields(A& archive, Ref<A, CreateAccount> value) {
    archive(value.account);
}
template <class A>
void fields(A& archive, Ref<A, FindAccount> value) {
    archive(value.user);
}
template <class A>
void fields(A& archive, Ref<A, ChangePassword> value) {
    archive(value.user, value.password_hash, value.now);
}
template <class A>
void fields(A& archive, Ref<A, DeleteAccount> value) {
    archive(value.user);
}
template <class A>
void fields(A& archive, Ref<A, ClaimNick> value) {
    archive(value.nick, value.token_id, value.kind);
}

template <class A>
void fields(A& archive, Ref<A, Call> value) {
    archive(value.request);
    alternative(archive, value.body);
}

}  // namespace bytes

std::string encode(const Request& request) {
    bytes::Writer out;
    bytes::alternative(out, request);
    return out.take();
}

Result<Request> decode_request(std::string_view text) {
    bytes::Reader in(text);
    Request request;
    if (!bytes::alternative(in, request)) return Error{Errc::bad_frame, "no such link request"};
    if (!in.done()) return Error{Errc::bad_frame, "a link request of the wrong length"};
    return request;
}

}  // namespace roomcast::link
