// The link's events as bytes: worker to edge.
#include "shared/wire/link_codec.hpp"
#include "shared/wire/link_fields.hpp"

namespace roomcast::link {
namespace bytes {

template <class A>
void fields(A& archive, Ref<A, Entry> value) {
    archive(value.seq, value.time, value.first, value.frame, value.hides);
}
template <class A>
void fields(A& archive, Ref<A, RoomMessages> value) {
    archive(value.sub, value.entries);
}
template <class A>
void fields(A& archive, Ref<A, Subscribed> value) {
    archive(value.sub, value.position, value.room);
}
template <class A>
void fields(A& archive, Ref<A, RoomChanged> value) {
    archive(value.sub, value.room);
}
template <class A>
void fields(A& archive, Ref<A, Kicked> value) {
    archive(value.sub, value.user);
}
template <class A>
void fields(A& archive, Ref<A, Refused> value) {
    archive(value.sub, value.error);
}
template <class A>
void fields(A& archive, Ref<A, Messages> value) {
    archive(value.rooms);
}
template <class A>
void fields(A& archive, Ref<A, HistoryPage> value) {
    archive(value.request, value.entries, value.covered, value.more, value.log_first, value.log_last);
}
template <class A>
void fields(A& archive, Ref<A, HistoryRefused> value) {
    archive(value.request, value.error);
}
template <class A>
void fields(A& archive, Ref<A, Draining>) {
    archive();
}
template <class A>
void fields(A& archive, Ref<A, Presence> value) {
    archive(value.sub, value.full, value.joined, value.left, value.count);
}
template <class A>
void fields(A& archive, Ref<A, TypingSaid> value) {
    archive(value.sub, value.who, value.typing);
}
template <class A>
void fields(A& archive, Ref<A, SignalSent> value) {
    archive(value.sub, value.from, value.to, value.data);
}
template <class A>
void fields(A& archive, Ref<A, SignalRefused> value) {
    archive(value.request, value.error);
}
template <class A>
void fields(A& archive, Ref<A, MembersPage> value) {
    archive(value.request, value.members, value.count);
}
template <class A>
void fields(A& archive, Ref<A, Done>) {
    archive();
}
template <class A>
void fields(A& archive, Ref<A, RoomReply> value) {
    archive(value.room, value.members);
}
template <class A>
void fields(A& archive, Ref<A, RoomPage> value) {
    archive(value.rooms, value.more);
}
template <class A>
void fields(A& archive, Ref<A, AccountReply> value) {
    archive(value.account);
}
template <class A>
void fields(A& archive, Ref<A, Returned> value) {
    archive(value.request);
    alternative(archive, value.reply);
}

}  // namespace bytes

namespace {

constexpr std::size_t entry_head_bytes = 36;
const auto messages_index = static_cast<std::uint8_t>(Event(Messages{}).index());

std::size_t bytes_of(std::span<const Entry> entries) {
    std::size_t size = 8;
    for (const auto& entry : entries) size += entry.frame.size() + entry_head_bytes;
    return size;
}

}  // namespace

std::string encode(const Event& event) {
    bytes::Writer out;
    if (const auto* const messages = std::get_if<Messages>(&event)) {
        std::size_t size = 8;
        for (const auto& room : messages->rooms) size += bytes_of(room.entries);
        out.reserve(size);
    }
    bytes::alternative(out, event);
    return out.take();
}

Result<Event> decode_event(std::string_view text) {
    bytes::Reader in(text);
    Event event;
    if (!bytes::alternative(in, event)) return Error{Errc::bad_frame, "no such link event"};
    if (!in.done()) return Error{Errc::bad_frame, "a link event of the wrong length"};
    return event;
}

void MessagesEncoder::add(SubId sub, std::span<const Entry> entries) {
    bytes::Writer out;
    out.reserve(bytes_of(entries));
    out(sub);
    out.count(entries.size());
    for (const auto& entry : entries) out(entry);
    body_ += out.take();
    ++rooms_;
}

std::string MessagesEncoder::take() {
    bytes::Writer out;
    out.reserve(body_.size() + 8);
    out(messages_index);
    out.count(std::exchange(rooms_, 0));
    out.raw(body_);
    body_.clear();
    return out.take();
}

}  // namespace roomcast::link
