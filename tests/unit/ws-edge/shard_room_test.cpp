#include "ws-edge/shard_room.hpp"

#include <memory>

#include <doctest/doctest.h>

#include "tests/support/pump.hpp"
#include "tests/support/tcp_pair.hpp"
#include "tests/unit/shared/net/websocket_frames.hpp"
#include "ws-edge/membership.hpp"

namespace roomcast::edge {
namespace {

using Lines = std::vector<std::string>;

link::Entry message(std::int64_t seq, std::size_t bytes = 0) {
    std::string frame = std::to_string(seq);
    if (bytes > frame.size()) frame.resize(bytes, '.');
    return {Seq{seq}, 0, Seq{seq}, frame};
}
link::Entry repeat(std::int64_t seq) { return {Seq{seq}, 0, Seq{0}, {}}; }

/// A member with a socket whose other end the test reads.
struct Member final : net::ConnectionHandler {
    Member(net::Loop& loop, ShardRoom& room) : io(loop.io()), sockets(io) {
        connection = std::make_shared<net::Connection>(
            loop, net::Stream(std::move(sockets.near_end), nullptr, net::Role::server), *this);
        connection->start();
        membership.session = nullptr;
        membership.connection = connection.get();
        membership.room = &room;
        membership.state = Membership::State::catching_up;
    }
    ~Member() { connection->detach(); }
    void on_bytes(std::span<char>) override {}
    void on_ended(std::string_view) override {}

    /// The frames that came so far.
    Lines got() {
        test::pump_ready(io);
        bool ended = false;
        bytes += test::take_ready(sockets.far_end, ended);
        Lines texts;
        for (const auto& line : net::ws::decode(bytes, SIZE_MAX, net::Role::client).seen)
            texts.push_back(line.substr(5));
        return texts;
    }
    boost::asio::io_context& io;
    test::TcpPair sockets;
    std::shared_ptr<net::Connection> connection;
    Membership membership{};
    std::string bytes;
};

struct Rig {
    boost::asio::io_context io;
    net::Loop loop{io};
    ShardRoom room{RoomSlug::trusted("general"), 1};
    std::vector<std::unique_ptr<Member>> made;
    std::vector<Membership*> lagging;

    explicit Rig(std::int64_t position = 9) {
        room.opened(std::make_shared<const RoomInfo>(RoomInfo{{room.slug(), Epoch::trusted("e1")}, {}}),
                    Seq{position});
    }
    Member& member(std::int64_t last) {
        made.push_back(std::make_unique<Member>(loop, room));
        made.back()->membership.last = Seq{last};
        return *made.back();
    }
    std::size_t deliver(std::vector<link::Entry> entries) { return room.deliver(entries, lagging); }
};

}  // namespace

TEST_CASE("entries go to every live member as frames, repeats to nobody") {
    Rig rig;
    auto& one = rig.member(9);
    auto& two = rig.member(9);
    auto& away = rig.member(9);
    REQUIRE(rig.room.go_live(one.membership));
    REQUIRE(rig.room.go_live(two.membership));
    CHECK(rig.deliver({message(10), repeat(11), message(12)}) == 4);
    CHECK(one.got() == Lines{"10", "12"});
    CHECK(two.got() == Lines{"10", "12"});
    CHECK(away.got().empty());
    CHECK(rig.room.delivered() == Seq{12});
    rig.room.leave_live(one.membership);
    CHECK(one.membership.state == Membership::State::catching_up);
    CHECK(rig.deliver({message(13)}) == 1);
    CHECK(one.got() == Lines{"10", "12"});
    CHECK(two.got() == Lines{"10", "12", "13"});
}

TEST_CASE("members who take compressed messages get them so, compressed once, and the others as they are") {
    Rig rig;
    net::Compression compression(100);
    auto& plain = rig.member(9);
    auto& one = rig.member(9);
    auto& two = rig.member(9);
    one.membership.deflates = two.membership.deflates = true;
    for (auto* const member : {&plain, &one, &two}) REQUIRE(rig.room.go_live(member->membership));
    const auto deliver = [&](const link::Entry& entry) {
        return rig.room.deliver(std::span(&entry, 1), rig.lagging, &compression);
    };
    CHECK(deliver(message(10, 300)) == 3);
    CHECK(deliver(message(11)) == 3);  // too short for it
    CHECK(plain.got() == Lines{message(10, 300).frame, "11"});
    test::pump_ready(rig.io);
    for (auto* const member : {&one, &two}) {
        bool ended = false;
        const auto bytes = test::take_ready(member->sockets.far_end, ended);
        CHECK(bytes.size() < 60);
        CHECK(static_cast<unsigned char>(bytes.at(0)) == 0xC1);  // compressed
        CHECK(
            bytes.ends_with("\x81\x02"
                            "11"));
        CHECK(*compression.inflate(std::string_view(bytes).substr(2, bytes.size() - 6), 1'000) ==
              message(10, 300).frame);
    }
    rig.room.leave_live(one.membership);
    rig.room.leave_live(two.membership);
    CHECK(deliver(message(12, 300)) == 1);
    CHECK(plain.got().size() == 3);
}

TEST_CASE("a member that goes live late is given what it lacks from the ring, and nothing twice") {
    Rig rig;
    rig.deliver({message(10), message(11), repeat(12), message(13)});
    auto& member = rig.member(10);
    REQUIRE(rig.room.go_live(member.membership));
    rig.deliver({message(14)});
    CHECK(member.got() == Lines{"11", "13", "14"});
    auto& current = rig.member(13);
    REQUIRE(rig.room.go_live(current.membership));
    CHECK(current.got() == Lines{"14"});
}

TEST_CASE("a member that is ahead of this shard gets nothing that it has already") {
    Rig rig;
    auto& ahead = rig.member(12);
    REQUIRE(rig.room.go_live(ahead.membership));
    CHECK(rig.deliver({message(10), message(11), message(12), message(13)}) == 1);
    CHECK(ahead.got() == Lines{"13"});
}

TEST_CASE("who was before the shard's first message, or before its ring, must read on from the log") {
    Rig rig;
    rig.deliver({message(10)});
    auto& early = rig.member(8);
    CHECK_FALSE(rig.room.go_live(early.membership));
    CHECK(early.membership.state == Membership::State::catching_up);
    CHECK(early.got().empty());
    const auto most = static_cast<std::int64_t>(limits::room_ring_messages);
    for (std::int64_t seq = 11; seq <= 10 + most; ++seq) rig.deliver({message(seq)});  // 10 falls out
    auto& just = rig.member(10);
    CHECK(rig.room.go_live(just.membership));
    CHECK(just.got().size() == limits::room_ring_messages);
    auto& missed = rig.member(9);
    CHECK_FALSE(rig.room.go_live(missed.membership));
}

TEST_CASE("the ring is bounded in bytes too, and keeps at least the newest frame") {
    Rig rig;
    for (std::int64_t seq = 10; seq < 20; ++seq) rig.deliver({message(seq, limits::room_ring_bytes / 4)});
    auto& recent = rig.member(16);
    CHECK(rig.room.go_live(recent.membership));
    CHECK(recent.got().size() == 3);
    auto& older = rig.member(14);
    CHECK_FALSE(rig.room.go_live(older.membership));
    rig.deliver({message(20, limits::room_ring_bytes * 2)});
    auto& newest = rig.member(19);
    CHECK(rig.room.go_live(newest.membership));
}

TEST_CASE(
    "a member whose outbox is full leaves the live ones with its place, and the others notice nothing") {
    Rig rig;
    auto& slow = rig.member(9);
    auto& quick = rig.member(9);
    auto& third = rig.member(9);
    for (auto* member : {&slow, &quick, &third}) REQUIRE(rig.room.go_live(member->membership));
    slow.connection->send(net::SharedFrame::of({std::string(limits::outbox_bytes - 20, 'x')}));
    rig.deliver({message(10)});
    CHECK(rig.lagging.empty());  // up to the cap is within it
    CHECK(slow.connection->owed_bytes() <= limits::outbox_bytes);
    CHECK(rig.deliver({message(11, 100), message(12)}) == 4);
    REQUIRE(rig.lagging == std::vector<Membership*>{&slow.membership});
    CHECK(slow.membership.state == Membership::State::catching_up);
    CHECK(slow.membership.last == Seq{10});
    CHECK(slow.connection->owed_bytes() <= limits::outbox_bytes);
    CHECK(quick.got() == Lines{"10", "11" + std::string(98, '.'), "12"});
    CHECK(third.got().size() == 3);
    // With room again it goes on from there, out of the ring.
    REQUIRE(test::pump_until(rig.io, [&] {
        bool ended = false;
        slow.bytes += test::take_ready(slow.sockets.far_end, ended);
        return slow.connection->owed_bytes() == 0;
    }));
    slow.bytes.clear();
    REQUIRE(rig.room.go_live(slow.membership));
    rig.deliver({message(13)});
    CHECK(rig.lagging.size() == 1);
    const auto got = slow.got();
    REQUIRE(got.size() == 3);
    CHECK(got.back() == "13");
}

TEST_CASE("members leave in any order, and the rest stay live") {
    Rig rig;
    for (int i = 0; i < 6; ++i) REQUIRE(rig.room.go_live(rig.member(9).membership));
    std::int64_t seq = 10;
    for (const std::size_t leaver :
         {std::size_t{0}, std::size_t{5}, std::size_t{2}, std::size_t{2}, std::size_t{4}}) {
        rig.room.leave_live(rig.made[leaver]->membership);  // a second time changes nothing
        rig.deliver({message(seq++)});
    }
    CHECK(rig.made[0]->got().empty());
    CHECK(rig.made[5]->got() == Lines{"10"});
    CHECK(rig.made[2]->got() == Lines{"10", "11"});
    CHECK(rig.made[4]->got() == Lines{"10", "11", "12", "13"});
    CHECK(rig.made[1]->got() == Lines{"10", "11", "12", "13", "14"});
    CHECK(rig.made[3]->got() == Lines{"10", "11", "12", "13", "14"});
    CHECK(rig.made[4]->membership.last == Seq{13});
}

}  // namespace roomcast::edge
