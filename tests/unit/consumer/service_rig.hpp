#pragma once

#include <memory>

#include <doctest/doctest.h>

#include "consumer/service.hpp"
#include "tests/support/fake_channel.hpp"
#include "tests/support/pump.hpp"
#include "tests/support/recording_peer.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::consumer {

inline const RoomSlug general = RoomSlug::trusted("general");

/// A worker's read path over a channel in memory, with one room, "general", that is there already.
struct ServiceRig {
    boost::asio::io_context io;
    test::FakeChannel channel{io};
    ops::CapturedLog log;
    channel::RoomDirectory directory{io, channel, channel, log.log};
    test::FakeChannel accounts_table{io};
    channel::AccountDirectory accounts{io, accounts_table, log.log};
    Service service{io, channel, directory, accounts, log.log};
    LogId room{general, Epoch::trusted("e1")};

    ServiceRig() {
        channel.make_log(room);
        const auto record = channel::encode_room_record(
            {RoomInfo{room, Actor{UserName::trusted("alice"), "a1"}}, std::nullopt});
        channel.append(slot_of(general), channel::room_key(room), record, [](Result<Seq>) {});
    }

    /// An edge with one subscription, which detaches by itself.
    struct Edge {
        explicit Edge(ServiceRig& made_in) : rig(made_in), id(rig.service.attach(peer)) {}
        ~Edge() { rig.service.detach(id); }
        Edge(const Edge&) = delete;
        Edge& operator=(const Edge&) = delete;

        void subscribe(std::uint32_t number, std::optional<Seq> after = std::nullopt) {
            link::Subscribe request;
            request.sub = link::SubId{number};
            request.room = general;
            if (after) {
                request.epoch = rig.room.epoch;
                request.after = *after;
            }
            rig.service.on_request(id, request);
        }
        void unsubscribe(std::uint32_t number) {
            rig.service.on_request(id, link::Unsubscribe{link::SubId{number}});
        }
        [[nodiscard]] std::vector<std::int64_t> seqs(std::uint32_t number = 1) const {
            return peer.seqs(link::SubId{number});
        }
        /// Asks and waits for the answer.
        Result<link::HistoryPage> ask(link::ReadHistory question) {
            post(question);
            REQUIRE(rig.until([&] { return answered(question.request).has_value(); }));
            return *answered(question.request);
        }
        void post(link::ReadHistory& question, std::uint32_t number = 1) {
            question.sub = link::SubId{number};
            question.request = link::RequestId{++requests};
            rig.service.on_request(id, question);
        }
        [[nodiscard]] std::optional<Result<link::HistoryPage>> answered(link::RequestId request) const {
            for (const auto& event : peer.events) {
                if (const auto* page = std::get_if<link::HistoryPage>(&event);
                    page != nullptr && page->request == request)
                    return *page;
                if (const auto* no = std::get_if<link::HistoryRefused>(&event);
                    no != nullptr && no->request == request)
                    return no->error;
            }
            return std::nullopt;
        }

        ServiceRig& rig;
        test::RecordingPeer peer;
        PeerId id;
        std::uint64_t requests = 0;
    };

    template <class Condition>
    [[nodiscard]] bool until(Condition holds) {
        return test::pump_until(io, holds);
    }
    void settle() { test::pump_ready(io); }
};

inline link::ReadHistory question(link::ReadHistory::Kind kind, std::int64_t seq = 0, int limit = 50) {
    link::ReadHistory asked;
    asked.kind = kind;
    asked.seq = Seq{seq};
    asked.limit = limit;
    asked.at_least = Seq::none();
    return asked;
}
inline std::vector<std::int64_t> seqs(const Result<link::HistoryPage>& page) {
    REQUIRE(page);
    std::vector<std::int64_t> found;
    for (const auto& entry : page->entries) found.push_back(entry.seq.value);
    return found;
}

/// An edge that is subscribed and answered. The room's messages are old, so that a worker reads back few of
/// them.
struct Subscribed : ServiceRig {
    Edge edge{*this};
    explicit Subscribed(int messages) {
        channel.say_many(room, messages, now_ms() - 600'000);
        edge.subscribe(1);
        REQUIRE(until([&] { return edge.peer.has<link::Subscribed>(); }));
    }
};

}  // namespace roomcast::consumer
