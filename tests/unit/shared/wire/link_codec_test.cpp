#include "shared/wire/link_codec.hpp"

#include <random>
#include <type_traits>

#include <doctest/doctest.h>

namespace roomcast::link {
namespace {

const RoomSlug room = RoomSlug::trusted("general");
const Epoch epoch = Epoch::trusted("0123456789abcdef");

std::vector<Entry> some_entries() {
    return {Entry{Seq{5}, 1'795'255'200'123, Seq{5}, R"({"type":"message"})"}, Entry{Seq{9}, 7, Seq{5}, ""},
            Entry{Seq{INT64_MAX}, INT64_MIN, Seq::none(), std::string("\0\xFF", 2)}};
}

const Actor owner{UserName::trusted("Alice"), "0123abcd"};
const FoldedName folded = FoldedName::trusted("alice");

RoomInfo described() {
    return {{room, epoch}, owner, 1'795'255'200'123, "The \u00e9 room", "$2b$10$x", 3, 86'400'000,
            {folded},      9};
}
AccountInfo account() {
    return {owner.user, folded, Epoch::trusted("a1"), "$2b$10$x", 1'795'255'200'123, 1'795'255'200'124};
}

const Person alice{SessionId::trusted("s-1"), UserName::trusted("Alice \u00e9")};
const Person bob{SessionId::trusted("s-2"), UserName::trusted("bob")};

std::vector<Request> every_request() {
    return {
        Subscribe{SubId{1}, room, true, owner, Epoch{}, Seq::none()},
        Subscribe{SubId{0xFFFFFFFF}, room, false, Actor{}, epoch, Seq{1'000'000'000'000}},
        Unsubscribe{SubId{7}},
        ReadHistory{RequestId{0xFFFFFFFFFFFFFFFF}, SubId{2}, ReadHistory::Kind::from_time, Seq{3},
                    1'795'255'200'123, 200, Seq{4}},
        ReadHistory{RequestId{1}, SubId{2}, ReadHistory::Kind::latest, Seq{}, 0, -1, Seq{}},
        RosterChange{SubId{2}, true, {alice, bob}, {SessionId::trusted("s-3")}},
        RosterChange{SubId{2}, false, {}, {}},
        SayTyping{SubId{2}, alice, true},
        SendSignal{RequestId{5}, SubId{2}, alice, bob.session, R"({"sdp":1})"},
        AskMembers{RequestId{6}, SubId{2}},
        Call{RequestId{7}, CreateRoom{described()}},
        Call{RequestId{8}, FindRoom{room}},
        Call{RequestId{9}, ChangeRoom{room, owner, "title", "hash", true, 86'400'000, owner, folded, folded}},
        Call{RequestId{9}, ChangeRoom{room, owner, {}, {}, false, {}, {}, {}, {}}},
        Call{RequestId{10}, DeleteRoom{room, owner}},
        Call{RequestId{11}, KickUser{room, owner, folded}},
        Call{RequestId{12}, HideMessage{room, owner, Seq{5}}},
        Call{RequestId{13}, ListRooms{{Slot{0}, Slot{63}}, "general", "part", 50}},
        Call{RequestId{14}, CreateAccount{account()}},
        Call{RequestId{15}, FindAccount{folded}},
        Call{RequestId{16}, ChangePassword{folded, "hash", 1'795'255'200'123}},
        Call{RequestId{17}, DeleteAccount{folded}},
        Call{RequestId{18}, ClaimNick{folded, "token", ClaimNick::Kind::release}}};
}
std::vector<Event> every_event() {
    return {Subscribed{SubId{3}, Seq{17}, described()},
            Refused{SubId{3}, Error{Errc::internal, "why, in words"}},
            Messages{},
            Messages{{RoomMessages{SubId{1}, some_entries()}, RoomMessages{SubId{2}, {}}}},
            HistoryPage{RequestId{9}, some_entries(), Seq{20}, true, Seq{0}, Seq{25}},
            HistoryPage{RequestId{9}, {}, Seq::none(), false, Seq{0}, Seq::none()},
            HistoryRefused{RequestId{9}, Error{Errc::bad_frame, ""}},
            Draining{},
            Presence{SubId{2}, true, {alice}, {bob}, 17},
            TypingSaid{SubId{2}, bob, false},
            SignalSent{SubId{2}, alice, bob.session, "null"},
            SignalRefused{RequestId{5}, Error{Errc::not_found, "gone"}},
            MembersPage{RequestId{6}, {alice, bob}, 2},
            RoomChanged{SubId{3}, described()},
            Kicked{SubId{3}, folded},
            Returned{RequestId{1}, Error{Errc::rate_limited, "wait", 1'500}},
            Returned{RequestId{2}, Done{}},
            Returned{RequestId{3}, RoomReply{described(), 7}},
            Returned{RequestId{4},
                     RoomPage{{RoomReply{described(), 7}, RoomReply{RoomInfo{{room, epoch}, {}}, 0}}, true}},
            Returned{RequestId{5}, AccountReply{account()}}};
}

bool same(const std::vector<Entry>& a, const std::vector<Entry>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i].seq != b[i].seq || a[i].time != b[i].time || a[i].first != b[i].first ||
            a[i].frame != b[i].frame)
            return false;
    return true;
}

/// Damages `bytes` in a few places.
std::string damaged(std::string bytes, std::mt19937& random) {
    for (std::size_t edits = 1 + random() % 4; edits > 0 && !bytes.empty(); --edits) {
        const std::size_t at = random() % bytes.size();
        if (random() % 4 == 0)
            bytes.erase(at, 1 + random() % 8);
        else if (random() % 4 == 0)
            bytes.insert(at, 1 + random() % 4, static_cast<char>(random()));
        else
            bytes[at] = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
    }
    return bytes;
}

}  // namespace

TEST_CASE("a subscription arrives as it was sent") {
    const auto got = decode_request(encode(every_request()[1]));
    REQUIRE(got);
    const auto& value = std::get<Subscribe>(*got);
    CHECK(value.sub == SubId{0xFFFFFFFF});
    CHECK(value.room == room);
    CHECK_FALSE(value.create);
    CHECK(value.creator == Actor{});
    CHECK(value.epoch == epoch);
    CHECK(value.after == Seq{1'000'000'000'000});
    const auto first = decode_request(encode(every_request()[0]));
    REQUIRE(first);
    CHECK(std::get<Subscribe>(*first).create);
    CHECK(std::get<Subscribe>(*first).creator == owner);
    CHECK(std::get<Subscribe>(*first).epoch.empty());
}

TEST_CASE("a question about history arrives as it was sent") {
    const auto got = decode_request(encode(every_request()[3]));
    REQUIRE(got);
    const auto& value = std::get<ReadHistory>(*got);
    CHECK(value.request == RequestId{0xFFFFFFFFFFFFFFFF});
    CHECK(value.sub == SubId{2});
    CHECK(value.kind == ReadHistory::Kind::from_time);
    CHECK(value.seq == Seq{3});
    CHECK(value.time == 1'795'255'200'123);
    CHECK(value.limit == 200);
    CHECK(value.at_least == Seq{4});
    CHECK(std::get<Unsubscribe>(*decode_request(encode(Request(Unsubscribe{SubId{7}})))).sub == SubId{7});
}

TEST_CASE("messages and pages arrive as they were sent, repeats and odd bytes too") {
    const auto messages = decode_event(encode(every_event()[3]));
    REQUIRE(messages);
    const auto& rooms = std::get<Messages>(*messages).rooms;
    REQUIRE(rooms.size() == 2);
    CHECK(rooms[0].sub == SubId{1});
    CHECK(same(rooms[0].entries, some_entries()));
    CHECK_FALSE(rooms[0].entries[1].shown());
    CHECK(rooms[1].entries.empty());
    const auto page = decode_event(encode(every_event()[4]));
    REQUIRE(page);
    const auto& value = std::get<HistoryPage>(*page);
    CHECK(value.request == RequestId{9});
    CHECK(same(value.entries, some_entries()));
    CHECK(value.covered == Seq{20});
    CHECK(value.more);
    CHECK(value.log_first == Seq{0});
    CHECK(value.log_last == Seq{25});
}

TEST_CASE("answers and refusals arrive as they were sent") {
    const auto subscribed = std::get<Subscribed>(*decode_event(encode(every_event()[0])));
    CHECK(subscribed.sub == SubId{3});
    CHECK(subscribed.room == described());
    CHECK(subscribed.position == Seq{17});
    const auto refused = std::get<Refused>(*decode_event(encode(every_event()[1])));
    CHECK(refused.error.code == Errc::internal);
    CHECK(refused.error.detail == "why, in words");
    CHECK(std::get<HistoryRefused>(*decode_event(encode(every_event()[6]))).request == RequestId{9});
    CHECK(std::holds_alternative<Draining>(*decode_event(encode(Event(Draining{})))));
}

TEST_CASE("people arrive as they were sent") {
    const auto change = std::get<RosterChange>(*decode_request(encode(every_request()[5])));
    CHECK(change.reset);
    CHECK(change.joined == std::vector<Person>{alice, bob});
    CHECK(change.left == std::vector<SessionId>{SessionId::trusted("s-3")});
    const auto signal = std::get<SendSignal>(*decode_request(encode(every_request()[8])));
    CHECK(signal.from == alice);
    CHECK(signal.to == bob.session);
    CHECK(signal.data == R"({"sdp":1})");
    const auto presence = std::get<Presence>(*decode_event(encode(every_event()[8])));
    CHECK(presence.full);
    CHECK(presence.joined == std::vector<Person>{alice});
    CHECK(presence.left == std::vector<Person>{bob});
    CHECK(presence.count == 17);
    const auto page = std::get<MembersPage>(*decode_event(encode(every_event()[12])));
    CHECK(page.members == std::vector<Person>{alice, bob});
}

TEST_CASE("what is decoded encodes to the same bytes") {
    for (const auto& request : every_request()) {
        const auto bytes = encode(request);
        const auto got = decode_request(bytes);
        REQUIRE(got);
        CHECK(encode(*got) == bytes);
    }
    for (const auto& event : every_event()) {
        const auto bytes = encode(event);
        const auto got = decode_event(bytes);
        REQUIRE(got);
        CHECK(encode(*got) == bytes);
    }
}

TEST_CASE("the encoder that goes room by room gives the same bytes as the whole event") {
    MessagesEncoder encoder;
    CHECK(encoder.empty());
    const auto entries = some_entries();
    encoder.add(SubId{1}, entries);
    encoder.add(SubId{2}, {});
    CHECK_FALSE(encoder.empty());
    CHECK(encoder.bytes() > 0);
    CHECK(encoder.take() == encode(every_event()[3]));
    CHECK(encoder.empty());
    CHECK(encoder.bytes() == 0);
    CHECK(encoder.take() == encode(Event(Messages{})));
}

TEST_CASE("every beginning of a message is refused, and every byte too many") {
    for (const auto& request : every_request()) {
        const auto bytes = encode(request);
        for (std::size_t length = 0; length < bytes.size(); ++length)
            CHECK_FALSE(decode_request(std::string_view(bytes).substr(0, length)));
        CHECK_FALSE(decode_request(bytes + '\0'));
        CHECK_FALSE(decode_event(bytes));
    }
    for (const auto& event : every_event()) {
        const auto bytes = encode(event);
        for (std::size_t length = 0; length < bytes.size(); ++length)
            CHECK_FALSE(decode_event(std::string_view(bytes).substr(0, length)));
        CHECK_FALSE(decode_event(bytes + '\0'));
        CHECK_FALSE(decode_request(bytes));
    }
}

TEST_CASE("ids, error codes and kinds outside their grammar are refused") {
    const auto refused = [](const Request& request) {
        const auto got = decode_request(encode(request));
        return !got && got.error().code == Errc::bad_frame;
    };
    CHECK(refused(Subscribe{SubId{1}, RoomSlug::trusted("No Slug"), true, {}, {}, {}}));
    CHECK(refused(Subscribe{SubId{1}, RoomSlug{}, true, {}, {}, {}}));
    CHECK(refused(Subscribe{SubId{1}, room, true, {UserName::trusted(" x"), {}}, {}, {}}));
    CHECK(refused(Subscribe{SubId{1}, room, true, {}, Epoch::trusted("E"), {}}));
    CHECK(refused(ReadHistory{RequestId{1}, SubId{1}, static_cast<ReadHistory::Kind>(4), {}, 0, 1, {}}));
    CHECK_FALSE(decode_event(encode(Event(Subscribed{SubId{1}, Seq{}, RoomInfo{{room, Epoch{}}, {}}}))));
    CHECK_FALSE(decode_event(encode(Event(Refused{SubId{1}, Error{static_cast<Errc>(errc_count), {}}}))));
    CHECK_FALSE(
        decode_event(encode(Event(HistoryRefused{RequestId{1}, Error{static_cast<Errc>(0xFF), {}}}))));
}

TEST_CASE("a count that the message cannot hold is refused before anything is allocated for it") {
    // Under AddressSanitizer an allocation of that size would end the test.
    std::string page = encode(every_event()[5]);
    page.replace(1 + 8, 4, "\xFF\xFF\xFF\xFF");
    CHECK_FALSE(decode_event(page));
    std::string messages = encode(every_event()[3]);
    messages.replace(1, 4, "\xFF\xFF\xFF\xFF");
    CHECK_FALSE(decode_event(messages));
    std::string entries = encode(every_event()[3]);
    entries.replace(1 + 4 + 4, 4, "\xFF\xFF\xFF\x7F");
    CHECK_FALSE(decode_event(entries));
    std::string people = encode(every_event()[12]);
    people.replace(1 + 8, 4, "\xFF\xFF\xFF\xFF");
    CHECK_FALSE(decode_event(people));
    std::string leaving = encode(every_request()[6]);
    leaving.replace(leaving.size() - 4, 4, "\xFF\xFF\xFF\x7F");
    CHECK_FALSE(decode_request(leaving));
    std::string detail = encode(every_event()[1]);
    detail.replace(1 + 4 + 1, 4, "\xFF\xFF\xFF\xFF");
    CHECK_FALSE(decode_event(detail));
}

TEST_CASE("random and damaged bytes are refused or read, never a crash, and what is read encodes again") {
    std::mt19937 random(2026);
    const auto requests = every_request();
    const auto events = every_event();
    int read = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes;
        if (round % 4 == 0) {
            bytes.resize(random() % 120);
            for (char& c : bytes) c = static_cast<char>(random());
            if (!bytes.empty() && round % 8 == 0)
                bytes[0] = static_cast<char>(random() % 2 == 0 ? 1 + random() % 8 : 65 + random() % 12);
        } else {
            bytes = round % 2 == 0 ? encode(requests[random() % requests.size()])
                                   : encode(events[random() % events.size()]);
            bytes = damaged(std::move(bytes), random);
        }
        if (const auto request = decode_request(bytes)) {
            ++read;
            CHECK(encode(*request).size() == bytes.size());
        }
        if (const auto event = decode_event(bytes)) {
            ++read;
            CHECK(encode(*event).size() == bytes.size());
        }
    }
    CHECK(read > 1000);
}

}  // namespace roomcast::link
