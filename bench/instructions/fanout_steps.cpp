// A fixed small fan-out, for counting its instructions: so many members over TLS, so many messages, always
// the same ones. bench/instructions/count runs it under callgrind and counts inside `fanout_turn` only.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "shared/net/connection.hpp"
#include "shared/net/tls_context.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/tcp_pair.hpp"
#include "ws-edge/membership.hpp"
#include "ws-edge/shard_room.hpp"

namespace {

using namespace roomcast;

constexpr int members = 40;
constexpr int turns = 25;
constexpr std::chrono::minutes patience{5};  // callgrind is slow, and the machine may be busy
constexpr std::size_t frame_bytes = 220;     // a message with 100 bytes of text

struct Member final : net::ConnectionHandler {
    Member(net::Loop& loop, const net::TlsContext& server, const net::TlsContext& client,
           edge::ShardRoom& room)
        : sockets(loop.io()),
          here(std::make_shared<net::Connection>(
              loop, net::Stream(std::move(sockets.far_end), &server, net::Role::server), *this)),
          there(std::make_shared<net::Connection>(
              loop, net::Stream(std::move(sockets.near_end), &client, net::Role::client), reader)) {
        here->start();
        there->start();
        membership.connection = here.get();
        membership.room = &room;
        membership.last = room.delivered();
        membership.state = edge::Membership::State::catching_up;
    }
    ~Member() {
        here->detach();
        there->detach();
    }
    void on_ready() override { ready = true; }
    void on_bytes(std::span<char>) override {}
    void on_ended(std::string_view) override { std::abort(); }

    struct Reader final : net::ConnectionHandler {
        void on_bytes(std::span<char> bytes) override { received += bytes.size(); }
        void on_ended(std::string_view) override { std::abort(); }
        std::size_t received = 0;
    };
    test::TcpPair sockets;
    Reader reader;
    std::shared_ptr<net::Connection> here;
    std::shared_ptr<net::Connection> there;
    edge::Membership membership{};
    bool ready = false;
};

}  // namespace

/// What is counted: a batch of messages to everybody, and the end of the turn in which it leaves.
extern "C" __attribute__((noinline)) void fanout_turn(edge::ShardRoom& room, net::Loop& loop,
                                                      const std::vector<link::Entry>& entries,
                                                      std::vector<edge::Membership*>& lagging) {
    room.deliver(entries, lagging);
    loop.flush_all();
}

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "fanout-steps CERT KEY MESSAGES-A-TURN\n");
        return 2;
    }
    const int batch = std::atoi(argv[3]);
    const auto server = net::TlsContext::server(argv[1], argv[2]);
    const auto client = net::TlsContext::client("");
    boost::asio::io_context io{1};
    net::Loop loop(io);
    edge::ShardRoom room(RoomSlug::trusted("general"), 1);
    room.opened(
        std::make_shared<const RoomInfo>(RoomInfo{{RoomSlug::trusted("general"), Epoch::trusted("e1")}, {}}),
        Seq{0});
    std::vector<std::unique_ptr<Member>> all;
    all.reserve(members);
    for (int i = 0; i < members; ++i) all.push_back(std::make_unique<Member>(loop, *server, *client, room));
    const auto everybody = [&](auto holds) {
        return test::pump_until(
            io,
            [&] {
                for (const auto& member : all)
                    if (!holds(*member)) return false;
                return true;
            },
            patience);
    };
    if (!everybody([](const Member& member) { return member.ready; })) return 1;
    for (auto& member : all)
        if (!room.go_live(member->membership)) return 1;

    std::vector<edge::Membership*> lagging;
    std::size_t said = 0;
    std::int64_t seq = 0;
    for (int turn = 0; turn < turns; ++turn) {
        std::vector<link::Entry> entries;
        for (int i = 0; i < batch; ++i) {
            ++seq;
            entries.push_back({Seq{seq}, 0, Seq{seq}, std::string(frame_bytes, 'x')});
        }
        fanout_turn(room, loop, entries, lagging);
        said += static_cast<std::size_t>(batch) * (frame_bytes + 4);  // and a frame's head
        if (!lagging.empty() ||
            !everybody([&](const Member& member) { return member.reader.received == said; }))
            return 1;
    }
    std::printf("{\"deliveries\": %d, \"flushes\": %d}\n", members * turns * batch, members * turns);
    return 0;
}
