#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "consumer/nicks.hpp"
#include "consumer/room_hub.hpp"
#include "shared/channel/account_directory.hpp"
#include "shared/channel/channel.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/wire/link_calls.hpp"

namespace roomcast::consumer {

/// What a worker does when an edge calls about rooms, accounts and nicks: asks the directories, and checks
/// that the owner of a room is who asks.
///
/// A part of Service, on the consumer's thread. Each call is answered once, through `answer`, by its peer and
/// request; who is not there any more by then is not told.
class Calls {
public:
    using Answer = std::function<void(PeerId, link::RequestId, link::Reply)>;
    /// The room's hub, where somebody is in it.
    using ActiveHub = std::function<RoomHub*(const LogId&)>;

    Calls(channel::LogReader& reader, channel::RoomDirectory& rooms, channel::AccountDirectory& accounts,
          Answer answer, ActiveHub active_hub);
    ~Calls();
    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;

    void on_call(PeerId peer, const link::Call& call);
    void drop_peer(PeerId peer);
    void sweep();

private:
    struct To {
        PeerId peer;
        link::RequestId request;
    };
    void handle(To to, const link::CreateRoom& call);
    void handle(To to, const link::FindRoom& call);
    void handle(To to, const link::ChangeRoom& call);
    void handle(To to, const link::DeleteRoom& call);
    void handle(To to, const link::KickUser& call);
    void handle(To to, const link::HideMessage& call);
    void handle(To to, const link::ListRooms& call);
    void handle(To to, const link::CreateAccount& call);
    void handle(To to, const link::FindAccount& call);
    void handle(To to, const link::ChangePassword& call);
    void handle(To to, const link::DeleteAccount& call);
    void handle(To to, const link::ClaimNick& call);

    /// Finds the room and calls `then` with it if `by` owns it; else answers.
    void as_owner(To to, const RoomSlug& room, const Actor& by, std::function<void(const RoomInfo&)> then);
    void hide(To to, const RoomInfo& room, Seq seq);
    void reserve_nick(To to, const link::ClaimNick& call);
    [[nodiscard]] link::RoomReply describe(const RoomInfo& room) const;
    template <class T, class Make>
    std::function<void(Result<T>)> answering(To to, Make make);

    channel::LogReader& reader_;
    channel::RoomDirectory& rooms_;
    channel::AccountDirectory& accounts_;
    Nicks nicks_;
    Answer answer_;
    ActiveHub active_hub_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::consumer
