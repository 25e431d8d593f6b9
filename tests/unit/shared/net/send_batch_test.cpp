#include "shared/net/send_batch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {
namespace {

/// In CI there is one; elsewhere the kernel may forbid it, which only `make` can tell.
bool have_batch() {
    if (SendBatch::make()) return true;
    MESSAGE("no io_uring here");
    REQUIRE(std::getenv("CI") == nullptr);
    return false;
}

struct Sockets {
    Sockets() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0); }
    ~Sockets() {
        ::close(fds[0]);
        if (fds[1] >= 0) ::close(fds[1]);
    }
    [[nodiscard]] std::string heard() const {
        char bytes[4096];
        const ssize_t got = ::recv(fds[1], bytes, sizeof bytes, 0);
        return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }
    int fds[2] = {-1, -1};
};

void add(SendBatch& batch, const Sockets& to, std::string_view record, std::size_t tag) {
    REQUIRE_FALSE(batch.full());
    std::memcpy(batch.room(), record.data(), record.size());
    batch.add(to.fds[0], record.size(), record.size(), tag);
}

/// Many clients of one loop that sends in batches, by TLS.
struct Crowd : Rig {
    static constexpr std::size_t size = limits::send_batch_least + 8;
    std::shared_ptr<const TlsContext> server_tls =
        TlsContext::server(certificates().certificate("node"), certificates().key("node"));
    std::shared_ptr<const TlsContext> client_tls = TlsContext::client(certificates().certificate("ca"));
    std::deque<End> servers, clients;
    std::string said;

    Crowd() {
        loop.batch_sends(true);
        for (std::size_t i = 0; i < size; ++i) {
            test::TcpPair sockets(io);
            servers.emplace_back(loop, std::move(sockets.far_end), server_tls.get(), Role::server);
            clients.emplace_back(loop, std::move(sockets.near_end), client_tls.get(), Role::client);
            servers.back().connection->start();
            clients.back().connection->start();
        }
        REQUIRE(until([&] {
            return std::ranges::all_of(servers, &End::ready) && std::ranges::all_of(clients, &End::ready);
        }));
    }
    void say(std::string_view text) {
        for (auto& server : servers) server.say(text);
        loop.flush_all();
        said += text;
    }
    [[nodiscard]] bool all_hear(std::size_t from = 0) {
        return until([&] {
            for (std::size_t i = from; i < size; ++i)
                if (clients[i].received != said) return false;
            return true;
        });
    }
};

}  // namespace

TEST_CASE("the records of a batch leave for their sockets, each whole and in order") {
    if (!have_batch()) return;
    const auto batch = SendBatch::make();
    std::deque<Sockets> sockets(20);
    for (const std::string word : {"first", "second"}) {
        for (std::size_t i = 0; i < sockets.size(); ++i) add(*batch, sockets[i], word + std::to_string(i), i);
        const auto sent = batch->submit();
        REQUIRE(sent.size() == sockets.size());
        for (std::size_t i = 0; i < sent.size(); ++i) {
            CHECK(sent[i].tag == i);
            CHECK(sent[i].result == static_cast<int>(sent[i].record.size()));
            CHECK(sockets[i].heard() == word + std::to_string(i));
        }
    }
    CHECK(batch->submit().empty());
    CHECK_FALSE(batch->broken());
}

TEST_CASE("a socket that is full, gone or left out does not hold up the others of a batch") {
    if (!have_batch()) return;
    const auto batch = SendBatch::make();
    Sockets full, gone, fine, left_out;
    const std::string much(4096, 'x');
    while (::send(full.fds[0], much.data(), much.size(), 0) > 0) {
    }
    ::close(std::exchange(gone.fds[1], -1));
    add(*batch, full, "one", 1);
    add(*batch, gone, "two", 2);
    add(*batch, fine, "three", 3);
    add(*batch, left_out, "four", 4);
    batch->leave_out_unless([](std::size_t tag) { return tag != 4; });
    const auto sent = batch->submit();
    CHECK(sent[0].result == -EAGAIN);
    CHECK(sent[1].result == -EPIPE);
    CHECK(sent[2].result == 5);
    CHECK(fine.heard() == "three");
    CHECK(sent[3].result == -EBADF);
    CHECK(left_out.heard().empty());
}

TEST_CASE("a batch is full after so many records, or when the next one might not fit") {
    if (!have_batch()) return;
    const auto batch = SendBatch::make();
    const Sockets sockets;
    std::size_t records = 0;
    for (; !batch->full(); ++records) add(*batch, sockets, "x", records);
    CHECK(records == limits::send_batch_records);
    CHECK(batch->submit().size() == records);
    const std::string large(SendBatch::record_bytes, 'x');
    for (records = 0; !batch->full(); ++records) add(*batch, sockets, large, records);
    CHECK(records == SendBatch::batch_bytes / SendBatch::record_bytes);
    CHECK(batch->submit().size() == records);
}

TEST_CASE("a loop that sends in batches says everything to everybody, in order, small and large") {
    if (!have_batch()) return;
    Crowd crowd;
    for (const std::size_t bytes : {1, 200, 999, 1001, 40'000, 300}) crowd.say(numbered(bytes));
    CHECK(crowd.loop.batches());
    CHECK(crowd.all_hear());
}

TEST_CASE("one who does not read is owed the rest of a batch, and nobody else notices") {
    if (!have_batch()) return;
    Crowd crowd;
    auto& slow = *crowd.clients[0].connection;
    slow.pause_reading();
    slow.stream().socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
    crowd.servers[0].connection->stream().socket().set_option(
        boost::asio::socket_base::send_buffer_size(4096));
    const std::string text = numbered(900);
    while (crowd.servers[0].connection->owed_bytes() < 10 * text.size()) {
        crowd.say(text);
        REQUIRE(crowd.all_hear(1));
    }
    slow.resume_reading();
    CHECK(crowd.all_hear());
}

TEST_CASE("what is said while a batch is sent is not forgotten") {
    if (!have_batch()) return;
    Crowd crowd;
    // Connections end in the midst of a batch; who hears of it says so to all, and lets one more go.
    crowd.servers[0].connection->stream().socket().shutdown(boost::asio::socket_base::shutdown_both);
    crowd.servers[0].ended = [&] {
        for (std::size_t i = 2; i < Crowd::size; ++i) crowd.servers[i].say("one has gone");
        crowd.servers[1].connection->detach();
        crowd.servers[1].connection.reset();
    };
    crowd.say("hello, ");
    crowd.said += "one has gone";
    CHECK(crowd.servers[0].ends == 1);
    CHECK(crowd.all_hear(2));
}

TEST_CASE("a connection that finishes while it is in a batch says what it is owed, and goodbye") {
    if (!have_batch()) return;
    Crowd crowd;
    crowd.servers[0].connection->stream().socket().shutdown(boost::asio::socket_base::shutdown_both);
    crowd.servers[0].ended = [&] { crowd.servers[3].connection->finish(); };
    crowd.say("bye");
    CHECK(crowd.servers[0].ends == 1);
    CHECK(crowd.all_hear(1));
    CHECK(crowd.until([&] { return crowd.clients[3].ends == 1 && crowd.servers[3].ends == 1; }));
}

}  // namespace roomcast::net
