#include "shared/wire/link_codec.hpp"

#include <cstring>
#include <type_traits>

namespace roomcast::link {
namespace {

enum class Tag : std::uint8_t {
    subscribe = 1,
    unsubscribe = 2,
    read_history = 3,
    roster_change = 4,
    say_typing = 5,
    send_signal = 6,
    ask_members = 7,
    subscribed = 65,
    refused = 66,
    messages = 67,
    history_page = 68,
    history_refused = 69,
    draining = 70,
    presence = 71,
    typing_said = 72,
    signal_sent = 73,
    signal_refused = 74,
    members_page = 75,
};

class Writer {
public:
    Writer() = default;
    explicit Writer(Tag tag) { number(static_cast<std::uint8_t>(tag)); }
    void raw(std::string_view bytes) { out_.append(bytes); }
    template <class T>
    void number(T value) {
        static_assert(std::is_integral_v<T>);
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out_.push_back(static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
    }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        out_.append(value);
    }
    void seq(Seq value) { number(value.value); }
    void error(const Error& value) {
        number(static_cast<std::uint8_t>(value.code));
        text(value.detail);
    }
    void entries(std::span<const Entry> values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const Entry& entry : values) {
            seq(entry.seq);
            number(entry.time);
            seq(entry.first);
            text(entry.frame);
        }
    }
    void person(const Person& value) {
        text(value.session.str());
        text(value.user.str());
    }
    void people(const std::vector<Person>& values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values) person(value);
    }
    void reserve(std::size_t bytes) { out_.reserve(bytes); }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// Reads fields from the front. After a field that is not there everything reads as empty and `ok` is false.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    template <class T>
    T number() {
        std::make_unsigned_t<T> value = 0;
        if (rest_.size() < sizeof(T)) {
            fail();
            return 0;
        }
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value = static_cast<std::make_unsigned_t<T>>(
                value |
                (static_cast<std::make_unsigned_t<T>>(static_cast<std::uint8_t>(rest_[i])) << (8 * i)));
        rest_.remove_prefix(sizeof(T));
        return static_cast<T>(value);
    }
    std::string_view text() {
        const auto size = number<std::uint32_t>();
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const auto value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }
    Seq seq() { return Seq{number<std::int64_t>()}; }
    template <class Id>
    Id id() {
        auto value = Id::parse(text());
        if (!value) fail();
        return value.value_or(Id{});
    }
    template <class Id>
    Id id_or_empty() {
        const auto value = text();
        if (value.empty()) return Id{};
        auto parsed = Id::parse(value);
        if (!parsed) fail();
        return parsed.value_or(Id{});
    }
    Error error() {
        const auto code = number<std::uint8_t>();
        if (code >= errc_count) fail();
        return Error{code < errc_count ? static_cast<Errc>(code) : Errc::internal, std::string(text())};
    }
    std::vector<Entry> entries() {
        const auto count = number<std::uint32_t>();
        std::vector<Entry> values;
        constexpr std::size_t least_bytes = 28;  // of one entry
        if (count > rest_.size() / least_bytes) {
            fail();
            return values;
        }
        values.reserve(count);
        for (std::uint32_t i = 0; i < count && ok_; ++i) {
            Entry entry;
            entry.seq = seq();
            entry.time = number<std::int64_t>();
            entry.first = seq();
            entry.frame = std::string(text());
            values.push_back(std::move(entry));
        }
        return values;
    }
    Person person() {
        Person value;
        value.session = id<SessionId>();
        value.user = id<UserName>();
        return value;
    }
    /// The count of a list whose items take at least `least_bytes` each; 0 (and a failure) when they cannot
    /// all be there.
    std::uint32_t count_of(std::size_t least_bytes) {
        const auto count = number<std::uint32_t>();
        if (count <= rest_.size() / least_bytes) return count;
        fail();
        return 0;
    }
    std::vector<Person> people() {
        std::vector<Person> values(count_of(8));
        for (auto& value : values) value = person();
        return values;
    }
    template <class Enum>
    Enum choice(Enum last) {
        const auto value = number<std::uint8_t>();
        if (value > static_cast<std::uint8_t>(last)) {
            fail();
            return last;
        }
        return static_cast<Enum>(value);
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

private:
    void fail() {
        ok_ = false;
        rest_ = {};
    }
    std::string_view rest_;
    bool ok_ = true;
};

struct RequestEncoder {
    std::string operator()(const Subscribe& value) const {
        Writer out(Tag::subscribe);
        out.number(value.sub.value);
        out.text(value.room.str());
        out.number(static_cast<std::uint8_t>(value.create));
        out.text(value.creator.str());
        out.text(value.epoch.str());
        out.seq(value.after);
        return out.take();
    }
    std::string operator()(const Unsubscribe& value) const {
        Writer out(Tag::unsubscribe);
        out.number(value.sub.value);
        return out.take();
    }
    std::string operator()(const ReadHistory& value) const {
        Writer out(Tag::read_history);
        out.number(value.request.value);
        out.number(value.sub.value);
        out.number(static_cast<std::uint8_t>(value.kind));
        out.seq(value.seq);
        out.number(value.time);
        out.number(static_cast<std::int32_t>(value.limit));
        out.seq(value.at_least);
        return out.take();
    }
    std::string operator()(const RosterChange& value) const {
        Writer out(Tag::roster_change);
        out.number(value.sub.value);
        out.number(static_cast<std::uint8_t>(value.reset));
        out.people(value.joined);
        out.number(static_cast<std::uint32_t>(value.left.size()));
        for (const auto& session : value.left) out.text(session.str());
        return out.take();
    }
    std::string operator()(const SayTyping& value) const {
        Writer out(Tag::say_typing);
        out.number(value.sub.value);
        out.person(value.who);
        out.number(static_cast<std::uint8_t>(value.typing));
        return out.take();
    }
    std::string operator()(const SendSignal& value) const {
        Writer out(Tag::send_signal);
        out.number(value.request.value);
        out.number(value.sub.value);
        out.person(value.from);
        out.text(value.to.str());
        out.text(value.data);
        return out.take();
    }
    std::string operator()(const AskMembers& value) const {
        Writer out(Tag::ask_members);
        out.number(value.request.value);
        out.number(value.sub.value);
        return out.take();
    }
};

struct EventEncoder {
    std::string operator()(const Subscribed& value) const {
        Writer out(Tag::subscribed);
        out.number(value.sub.value);
        out.text(value.epoch.str());
        out.seq(value.position);
        return out.take();
    }
    std::string operator()(const Refused& value) const {
        Writer out(Tag::refused);
        out.number(value.sub.value);
        out.error(value.error);
        return out.take();
    }
    std::string operator()(const Messages& value) const {
        std::size_t bytes = 16;
        for (const auto& room : value.rooms)
            for (const auto& entry : room.entries) bytes += entry.frame.size() + 36;
        Writer out(Tag::messages);
        out.reserve(bytes + value.rooms.size() * 8);
        out.number(static_cast<std::uint32_t>(value.rooms.size()));
        for (const auto& room : value.rooms) {
            out.number(room.sub.value);
            out.entries(room.entries);
        }
        return out.take();
    }
    std::string operator()(const HistoryPage& value) const {
        Writer out(Tag::history_page);
        out.number(value.request.value);
        out.entries(value.entries);
        out.seq(value.covered);
        out.number(static_cast<std::uint8_t>(value.more));
        out.seq(value.log_first);
        out.seq(value.log_last);
        return out.take();
    }
    std::string operator()(const HistoryRefused& value) const {
        Writer out(Tag::history_refused);
        out.number(value.request.value);
        out.error(value.error);
        return out.take();
    }
    std::string operator()(const Draining&) const { return Writer(Tag::draining).take(); }
    std::string operator()(const Presence& value) const {
        Writer out(Tag::presence);
        out.number(value.sub.value);
        out.number(static_cast<std::uint8_t>(value.full));
        out.people(value.joined);
        out.people(value.left);
        out.number(value.count);
        return out.take();
    }
    std::string operator()(const TypingSaid& value) const {
        Writer out(Tag::typing_said);
        out.number(value.sub.value);
        out.person(value.who);
        out.number(static_cast<std::uint8_t>(value.typing));
        return out.take();
    }
    std::string operator()(const SignalSent& value) const {
        Writer out(Tag::signal_sent);
        out.number(value.sub.value);
        out.person(value.from);
        out.text(value.to.str());
        out.text(value.data);
        return out.take();
    }
    std::string operator()(const SignalRefused& value) const {
        Writer out(Tag::signal_refused);
        out.number(value.request.value);
        out.error(value.error);
        return out.take();
    }
    std::string operator()(const MembersPage& value) const {
        Writer out(Tag::members_page);
        out.number(value.request.value);
        out.people(value.members);
        out.number(value.count);
        return out.take();
    }
};

Messages read_messages(Reader& in) {
    Messages value;
    const auto count = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        RoomMessages room;
        room.sub = SubId{in.number<std::uint32_t>()};
        room.entries = in.entries();
        value.rooms.push_back(std::move(room));
    }
    return value;
}

Result<Request> read_request(Reader& in) {
    switch (static_cast<Tag>(in.number<std::uint8_t>())) {
        case Tag::subscribe: {
            Subscribe value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.room = in.id<RoomSlug>();
            value.create = in.number<std::uint8_t>() != 0;
            value.creator = in.id_or_empty<UserName>();
            value.epoch = in.id_or_empty<Epoch>();
            value.after = in.seq();
            return Request(std::move(value));
        }
        case Tag::unsubscribe:
            return Request(Unsubscribe{SubId{in.number<std::uint32_t>()}});
        case Tag::read_history: {
            ReadHistory value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.sub = SubId{in.number<std::uint32_t>()};
            value.kind = in.choice(ReadHistory::Kind::from_time);
            value.seq = in.seq();
            value.time = in.number<std::int64_t>();
            value.limit = in.number<std::int32_t>();
            value.at_least = in.seq();
            return Request(value);
        }
        case Tag::roster_change: {
            RosterChange value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.reset = in.number<std::uint8_t>() != 0;
            value.joined = in.people();
            value.left.resize(in.count_of(4));
            for (auto& session : value.left) session = in.id<SessionId>();
            return Request(std::move(value));
        }
        case Tag::say_typing: {
            SayTyping value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.who = in.person();
            value.typing = in.number<std::uint8_t>() != 0;
            return Request(std::move(value));
        }
        case Tag::send_signal: {
            SendSignal value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.sub = SubId{in.number<std::uint32_t>()};
            value.from = in.person();
            value.to = in.id<SessionId>();
            value.data = std::string(in.text());
            return Request(std::move(value));
        }
        case Tag::ask_members: {
            AskMembers value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.sub = SubId{in.number<std::uint32_t>()};
            return Request(value);
        }
        default:
            return Error{Errc::bad_frame, "no such link request"};
    }
}

Result<Event> read_event(Reader& in) {
    switch (static_cast<Tag>(in.number<std::uint8_t>())) {
        case Tag::subscribed: {
            Subscribed value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.epoch = in.id<Epoch>();
            value.position = in.seq();
            return Event(std::move(value));
        }
        case Tag::refused: {
            Refused value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.error = in.error();
            return Event(std::move(value));
        }
        case Tag::messages:
            return Event(read_messages(in));
        case Tag::history_page: {
            HistoryPage value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.entries = in.entries();
            value.covered = in.seq();
            value.more = in.number<std::uint8_t>() != 0;
            value.log_first = in.seq();
            value.log_last = in.seq();
            return Event(std::move(value));
        }
        case Tag::history_refused: {
            HistoryRefused value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.error = in.error();
            return Event(std::move(value));
        }
        case Tag::draining:
            return Event(Draining{});
        case Tag::presence: {
            Presence value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.full = in.number<std::uint8_t>() != 0;
            value.joined = in.people();
            value.left = in.people();
            value.count = in.number<std::uint32_t>();
            return Event(std::move(value));
        }
        case Tag::typing_said: {
            TypingSaid value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.who = in.person();
            value.typing = in.number<std::uint8_t>() != 0;
            return Event(std::move(value));
        }
        case Tag::signal_sent: {
            SignalSent value;
            value.sub = SubId{in.number<std::uint32_t>()};
            value.from = in.person();
            value.to = in.id<SessionId>();
            value.data = std::string(in.text());
            return Event(std::move(value));
        }
        case Tag::signal_refused: {
            SignalRefused value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.error = in.error();
            return Event(std::move(value));
        }
        case Tag::members_page: {
            MembersPage value;
            value.request = RequestId{in.number<std::uint64_t>()};
            value.members = in.people();
            value.count = in.number<std::uint32_t>();
            return Event(std::move(value));
        }
        default:
            return Error{Errc::bad_frame, "no such link event"};
    }
}

}  // namespace

std::string encode(const Request& request) { return std::visit(RequestEncoder{}, request); }
std::string encode(const Event& event) { return std::visit(EventEncoder{}, event); }

void MessagesEncoder::add(SubId sub, std::span<const Entry> entries) {
    std::size_t bytes = 8;
    for (const auto& entry : entries) bytes += entry.frame.size() + 36;
    Writer out;
    out.reserve(bytes);
    out.number(sub.value);
    out.entries(entries);
    body_ += out.take();
    ++rooms_;
}

std::string MessagesEncoder::take() {
    Writer out(Tag::messages);
    out.reserve(body_.size() + 8);
    out.number(std::exchange(rooms_, 0));
    out.raw(body_);
    body_.clear();
    return out.take();
}

Result<Request> decode_request(std::string_view bytes) {
    Reader in(bytes);
    auto request = read_request(in);
    if (request && !in.done()) return Error{Errc::bad_frame, "a link request of the wrong length"};
    return request;
}

Result<Event> decode_event(std::string_view bytes) {
    Reader in(bytes);
    auto event = read_event(in);
    if (event && !in.done()) return Error{Errc::bad_frame, "a link event of the wrong length"};
    return event;
}

}  // namespace roomcast::link
