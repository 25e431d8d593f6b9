#include "shared/net/connection.hpp"

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"
#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {

TEST_CASE("bytes go both ways, in plain and over TLS, whole and in order") {
    for (const bool tls : {false, true}) {
        Pair pair(tls);
        CHECK(pair.server->connection->stream().is_tls() == tls);
        const auto large = numbered(300'000);
        pair.client->say("hello ");
        pair.client->say("server");
        pair.server->say(large);
        REQUIRE(pair.until([&] {
            return pair.client->received.size() == large.size() && pair.server->received.size() == 12;
        }));
        CHECK(pair.server->received == "hello server");
        CHECK(pair.client->received == large);
        CHECK(pair.server->connection->bytes_sent() == large.size());
        CHECK(pair.client->connection->bytes_received() == large.size());
        CHECK(pair.server->ends + pair.client->ends == 0);
    }
}

TEST_CASE("what is said in one turn leaves at its end, not before") {
    HalfPair pair;
    for (int i = 0; i < 100; ++i) pair.end->say("x");
    CHECK(pair.end->connection->owed_bytes() == 100);
    CHECK(pair.end->connection->bytes_sent() == 0);
    test::pump_ready(pair.io);
    CHECK(pair.end->connection->owed_bytes() == 0);
    CHECK(test::take_ready(pair.peer, pair.peer_ended).size() == 100);
}

TEST_CASE("a slow reader gets every byte, and the owner hears once that there is room again") {
    for (const bool tls : {false, true}) {
        Pair pair(tls);
        auto& reader = *pair.client;
        reader.connection->pause_reading();
        const auto large = numbered(12 * 1024 * 1024);  // more than both socket buffers hold
        for (std::size_t at = 0; at < large.size(); at += 64 * 1024)
            pair.server->say(std::string_view(large).substr(at, 64 * 1024));
        std::size_t sent = 0;
        std::size_t owed = 0;
        REQUIRE(pair.until([&] {
            const bool stuck = pair.server->connection->bytes_sent() == sent && sent > 0;
            sent = pair.server->connection->bytes_sent();
            owed = pair.server->connection->owed_bytes();
            return stuck;
        }));
        CHECK(owed + sent == large.size());
        CHECK(owed > limits::outbox_resume_bytes);
        CHECK(pair.server->rooms == 0);
        bool low = true;
        pair.server->room_again = [&] {
            low = pair.server->connection->owed_bytes() <= limits::outbox_resume_bytes;
        };
        reader.connection->resume_reading();
        REQUIRE(pair.until([&] { return reader.received.size() == large.size(); }));
        CHECK(reader.received == large);
        CHECK(pair.server->rooms == 1);
        CHECK(low);
    }
}

TEST_CASE("a reader that is paused is told nothing until it goes on") {
    Pair pair(true);
    pair.client->connection->pause_reading();
    CHECK(pair.client->connection->reading_paused());
    pair.server->say("later");
    REQUIRE(pair.until([&] { return pair.server->connection->owed_bytes() == 0; }));
    test::pump_ready(pair.io);
    const auto heard_early = pair.client->received.size();
    pair.client->connection->resume_reading();
    REQUIRE(pair.until([&] { return pair.client->received == "later"; }));
    CHECK(heard_early == 0);
}

TEST_CASE("finish delivers everything before the end, then waits for the peer's") {
    for (const bool tls : {false, true}) {
        Pair pair(tls);
        const auto large = numbered(3 * 1024 * 1024);
        pair.client->ended = [&] { CHECK(pair.client->received.size() == large.size()); };
        pair.server->say(large);
        pair.server->connection->finish();
        pair.server->connection->finish();  // once is enough
        pair.server->say("too late");
        REQUIRE(pair.until([&] { return pair.server->ends == 1 && pair.client->ends == 1; }));
        CHECK(pair.client->received == large);
        CHECK(pair.client->reason == "the peer closed");
    }
}

TEST_CASE("finish with a peer that never closes is the owner's to end") {
    HalfPair pair;
    pair.end->say("bye");
    pair.end->connection->finish();
    std::string got;
    REQUIRE(pair.until([&] {
        got += test::take_ready(pair.peer, pair.peer_ended);
        return pair.peer_ended;
    }));
    CHECK(got == "bye");
    CHECK(pair.end->ends == 0);
    pair.end->connection->abort("deadline");
    CHECK(pair.end->ends == 1);
    CHECK(pair.end->reason == "deadline");
}

TEST_CASE("a peer that resets ends the connection once, also when there was much to send") {
    for (const bool owing : {false, true}) {
        HalfPair pair;
        if (owing)
            for (int i = 0; i < 200; ++i) pair.end->say(std::string(64 * 1024, 'x'));
        test::pump_ready(pair.io);
        pair.reset_by_peer();
        REQUIRE(pair.until([&] { return pair.end->ends > 0; }));
        pair.end->say("into nothing");
        pair.end->connection->finish();
        pair.end->connection->abort("again");
        test::pump_ready(pair.io);
        CHECK(pair.end->ends == 1);
        CHECK(pair.end->connection->owed_bytes() == 0);
    }
}

TEST_CASE("a connection may go away while it owes bytes: before the flush, or in the midst of another's") {
    Rig rig;
    test::TcpPair first(rig.io);
    test::TcpPair second(rig.io);
    End stays(rig.loop, std::move(first.near_end));
    auto goes = std::make_unique<End>(rig.loop, std::move(second.near_end));
    stays.connection->start();
    goes->connection->start();
    stays.say("kept");
    goes->say("lost");
    goes->connection->detach();
    goes.reset();
    test::pump_ready(rig.io);
    bool ended = false;
    CHECK(test::take_ready(first.far_end, ended) == "kept");

    test::TcpPair third(rig.io);
    auto later = std::make_unique<End>(rig.loop, std::move(third.near_end));
    later->connection->start();
    // Its flush empties an outbox that was full, and the owner then lets go of the other one, which is marked
    // too.
    stays.room_again = [&] { later.reset(); };
    stays.say(std::string(limits::outbox_resume_bytes + 1, 'x'));
    later->say("lost too");
    test::pump_ready(rig.io);
    CHECK(stays.rooms == 1);
    CHECK(later == nullptr);
}

TEST_CASE("an owner may let go of a connection whenever it is called") {
    for (const bool tls : {false, true}) {
        Pair on_bytes(tls);
        on_bytes.server->heard = [&] { on_bytes.server.reset(); };
        on_bytes.client->say(numbered(200'000));
        REQUIRE(on_bytes.until([&] { return on_bytes.client->ends == 1; }));

        Pair on_room(tls);
        on_room.server->room_again = [&] { on_room.server.reset(); };
        on_room.server->say(numbered(limits::outbox_resume_bytes + 1));
        REQUIRE(on_room.until([&] { return on_room.client->ends == 1; }));

        // The same with nothing of its own that keeps the connection alive: reading is paused, so nothing is
        // waited for.
        Pair paused(tls);
        paused.server->heard = [&] {
            paused.server->connection->pause_reading();
            paused.server->say(numbered(limits::outbox_resume_bytes + 1));
        };
        paused.server->room_again = [&] { paused.server.reset(); };
        paused.client->say("go");
        REQUIRE(paused.until([&] { return paused.client->ends == 1; }));

        Pair on_end(tls);
        on_end.server->ended = [&] { on_end.server->connection.reset(); };
        on_end.client->connection->abort("gone");
        REQUIRE(on_end.until([&] { return on_end.server->ends == 1; }));
    }
}

TEST_CASE("over TLS a full socket may hold a small record up, and a large one come behind it") {
    Pair pair(true);
    auto& from = *pair.server;
    auto& to = *pair.client;
    to.connection->pause_reading();
    std::string said;
    const auto say = [&](std::size_t bytes) {
        const std::string text = numbered(bytes);
        said += text;
        from.say(text);
        pair.loop.flush_all();
    };
    // One small record after the other, until the socket takes no more of them; then what fills records.
    while (from.connection->owed_bytes() == 0) say(700);
    for (const std::size_t bytes : {std::size_t{50'000}, std::size_t{10}, std::size_t{900}, std::size_t{901}})
        say(bytes);
    to.connection->resume_reading();
    REQUIRE(pair.until([&] { return to.received.size() >= said.size() || to.ends + from.ends > 0; }));
    CHECK(to.received == said);
    // And again, now that there is room.
    for (const std::size_t bytes :
         {std::size_t{20'000}, std::size_t{1}, std::size_t{20'000}, std::size_t{900}})
        say(bytes);
    REQUIRE(pair.until([&] { return to.received.size() >= said.size() || to.ends + from.ends > 0; }));
    CHECK(to.received == said);
}

}  // namespace roomcast::net
