#include "ws-edge/shard.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include "shared/core/limits.hpp"
#include "shared/core/thread_name.hpp"
#include "shared/core/time.hpp"

namespace roomcast::edge {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr auto tick_every = std::chrono::milliseconds(100);
constexpr std::size_t ticks_a_round = 10;                      // each looks at its share of the connections
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when the process is out of file descriptors
}  // namespace

Shard::Shard(ShardIndex index, const ShardContext& context, asio::io_context* core_io)
    : index_(index),
      context_(context),
      tls_(context.tls),
      tokens_(context.tokens),
      tickets_(tokens_->derived_key(auth::ticket_key_label)),
      own_io_(core_io == nullptr ? std::make_unique<asio::io_context>(1) : nullptr),
      io_(core_io == nullptr ? *own_io_ : *core_io),
      loop_(io_),
      acceptor_(io_),
      tick_timer_(io_),
      accept_pause_(io_),
      next_key_((std::uint64_t{index} << 48) + 1) {
    loop_.coalesce(context.coalesce);
    loop_.batch_sends(context.settings.io_uring);
    if (const int from = context.settings.compress_from; from > 0)
        compression_ = std::make_unique<net::Compression>(static_cast<std::size_t>(from));
}

Shard::~Shard() { stop(); }

std::uint16_t Shard::start(const std::string& address, std::uint16_t port) {
    const tcp::endpoint endpoint(asio::ip::make_address(address), port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.set_option(ReusePort(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
    const std::uint16_t bound = acceptor_.local_endpoint().port();
    asio::post(io_, [this] {
        accept();
        tick();
    });
    if (own_io_)
        thread_ = std::thread([this] {
            name_this_thread("shard-" + std::to_string(index_));
            const auto work = asio::make_work_guard(io_);
            io_.run();
            let_all_go();
        });
    return bound;
}

void Shard::stop() {
    if (!own_io_) return let_all_go();
    if (!thread_.joinable()) return;
    io_.stop();
    thread_.join();
}

void Shard::let_all_go() {
    clients_.clear();
    ended_.clear();
    rooms_.clear();
}

void Shard::accept() {
    acceptor_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (failed) {
            context_.log.warn("accept_failed", {{"why", failed.message()}});
            accept_pause_.expires_after(accept_pause);
            return accept_pause_.async_wait([this](boost::system::error_code stopped) {
                if (!stopped) accept();
            });
        }
        take(std::move(socket));
        accept();
    });
}

void Shard::take(tcp::socket socket) {
    if (clients_.size() >= limits::connections_per_shard) {
        ++stats_.connections_refused;
        return;  // closing the socket is all the answer there is room for
    }
    ++stats_.connections_accepted;
    const SessionKey key{next_key_++};
    boost::system::error_code unknown;
    const auto peer = socket.remote_endpoint(unknown);
    const auto address = auth::IpAddress::parse(unknown ? "" : peer.address().to_string());
    auto client =
        std::make_unique<Client>(*this, key, net::Stream(std::move(socket), tls_.get(), net::Role::server),
                                 address.value_or(auth::IpAddress{}));
    Client& started = *client;
    clients_.emplace(key.value, std::move(client));
    started.start();
}

void Shard::let_go(SessionKey key) {
    const auto found = clients_.find(key.value);
    if (found == clients_.end()) return;
    // Calls of this very client may be on the stack: it is destroyed when they are done.
    ended_.push_back(std::move(found->second));
    clients_.erase(found);
    if (ended_.size() == 1) asio::post(io_, [this] { std::exchange(ended_, {}).clear(); });
    if (clients_.empty() && on_all_gone_) asio::post(io_, std::exchange(on_all_gone_, nullptr));
}

void Shard::expect_end(SessionKey key) {
    const auto found = clients_.find(key.value);
    if (found != clients_.end()) found->second->expect_end(now_ms() + limits::close_deadline_ms);
}

Session* Shard::session_of(SessionKey key) {
    const auto found = clients_.find(key.value);
    return found == clients_.end() ? nullptr : found->second->session();
}

void Shard::tell_core(CoreCommand command) {
    if (commands_.empty()) commands_.reserve(commands_expected_);
    commands_.push_back(std::move(command));
    schedule_commands();
}

void Shard::schedule_commands() {
    if (commands_scheduled_) return;
    commands_scheduled_ = true;
    asio::post(io_, [this] { flush_commands(); });
}

void Shard::flush_commands() {
    if (!std::exchange(commands_scheduled_, false)) return;
    for (auto& [room, change] : std::exchange(people_, {})) commands_.emplace_back(std::move(change));
    commands_expected_ = commands_.size();
    context_.post_to_core(index_, std::exchange(commands_, {}));
}

void Shard::enter(Membership& member) {
    auto& room = rooms_[member.join.room];
    if (!room) {
        room = std::make_unique<ShardRoom>(member.join.room, next_generation_++);
        tell_core(
            OpenRoom{member.join.room, member.session->actor(), member.asked_to_create, room->generation()});
    }
    member.room = room.get();
    room->members.push_back(&member);
    if (room->open()) member.session->on_room_opened(member);
}

void Shard::part(Membership& member) {
    if (member.room == nullptr) return;
    ShardRoom& room = *std::exchange(member.room, nullptr);
    if (member.joined()) people_of(room.slug()).left.push_back(member.session->id());
    room.leave_live(member);
    const auto found = std::find(room.members.begin(), room.members.end(), &member);
    if (found != room.members.end()) {
        *found = room.members.back();
        room.members.pop_back();
    }
    if (!room.members.empty()) return;
    // The last ones' leaving is told before the room is let go.
    const auto leaving = people_.find(room.slug());
    if (leaving != people_.end()) {
        tell_core(std::move(leaving->second));
        people_.erase(leaving);
    }
    tell_core(CloseRoom{room.slug()});
    rooms_.erase(RoomSlug(room.slug()));
}

void Shard::post_events(std::vector<ShardEvent> events) {
    asio::post(io_, [this, events = std::move(events)]() mutable {
        for (auto& event : events) std::visit([&](auto& given) { handle(given); }, event);
    });
}

void Shard::handle(const RoomOpened& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || found->second->open() || found->second->generation() != event.generation)
        return;
    found->second->opened(event.info, event.position);
    for (Membership* const member : std::vector<Membership*>(found->second->members))
        member->session->on_room_opened(*member);
}

void Shard::handle(const RoomRefused& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || found->second->generation() != event.generation) return;
    for (Membership* const member : std::vector<Membership*>(found->second->members))
        member->session->on_room_refused(*member, event.error);
}

void Shard::handle(const RoomClosed& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || found->second->generation() != event.generation) return;
    for (Membership* const member : std::vector<Membership*>(found->second->members))
        member->session->on_room_closed(*member, event.error);
}

void Shard::handle(const RoomBatch& event) {
    const auto found = rooms_.find(event.room);
    if (found == rooms_.end() || !found->second->open()) return;
    std::vector<Membership*> lagging;
    const std::size_t deliveries = found->second->deliver(*event.entries, lagging, compression_.get());
    stats_.deliveries += deliveries;
    stats_.lagged += lagging.size();
    const TimeMs now = now_ms();
    for (const auto& entry : *event.entries)
        if (entry.shown()) delivery_s_.observe(static_cast<double>(now - entry.time) / 1000.0);
}

void Shard::handle(PageArrived& event) {
    if (Session* const session = session_of(event.session))
        session->on_page(event.ticket, std::move(event.page));
}

void Shard::handle(const PublishDone& event) {
    if (Session* const session = session_of(event.session))
        session->on_publish_done(event.room, event.id, event.outcome);
}

void Shard::post_drain(std::function<void()> done) {
    asio::post(io_, [this, done = std::move(done)] {
        draining_ = true;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        flush_commands();
        done();
    });
}

void Shard::post_tls(std::shared_ptr<const net::TlsContext> tls) {
    asio::post(io_, [this, tls = std::move(tls)]() mutable { tls_ = std::move(tls); });
}

void Shard::post_go_away(std::function<void()> done) {
    asio::post(io_, [this, done = std::move(done)]() mutable {
        if (clients_.empty()) return done();
        on_all_gone_ = std::move(done);
        std::vector<Client*> leaving;
        leaving.reserve(clients_.size());
        for (auto& [key, client] : clients_) leaving.push_back(client.get());
        for (Client* const client : leaving) client->go_away();
    });
}

void Shard::post_report(std::function<void(ShardReport)> take_report) {
    asio::post(io_, [this, take_report = std::move(take_report)] {
        ShardReport report{stats_, std::exchange(delivery_s_, {})};
        report.stats.connections = clients_.size();
        report.stats.rooms = rooms_.size();
        take_report(report);
    });
}

void Shard::tick() {
    tick_timer_.expires_after(tick_every);
    tick_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        const std::int64_t now = now_ms();
        const std::size_t buckets = clients_.bucket_count();
        const std::size_t end = buckets * (tick_ + 1) / ticks_a_round;
        std::vector<Client*> share;
        for (std::size_t bucket = buckets * tick_ / ticks_a_round; bucket < end; ++bucket)
            for (auto at = clients_.begin(bucket); at != clients_.end(bucket); ++at)
                share.push_back(at->second.get());
        for (Client* const client : share)
            client->tick(now);  // those that end stay alive until this turn is over
        tick_ = (tick_ + 1) % ticks_a_round;
        if (tick_ == 0) revocations_.sweep(now);
        tick();
    });
}

}  // namespace roomcast::edge
