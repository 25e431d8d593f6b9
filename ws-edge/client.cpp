#include "ws-edge/client.hpp"

#include <charconv>

#include "shared/auth/credentials.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"
#include "ws-edge/shard.hpp"

namespace roomcast::edge {
namespace {

std::optional<std::int64_t> number_of(const net::http::Request& request, std::string_view name, bool& bad) {
    const auto text = request.query(name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (failed != std::errc() || end != text->data() + text->size()) {
        bad = true;
        return std::nullopt;
    }
    return value;
}

}  // namespace

Client::Client(Shard& shard, SessionKey key, net::Stream stream, const auth::IpAddress& peer)
    : shard_(shard),
      key_(key),
      peer_(peer),
      connection_(std::make_shared<net::Connection>(shard.loop(), std::move(stream), *this)),
      request_by_ms_(now_ms() + limits::handshake_deadline_ms) {}

Client::~Client() {
    session_.reset();
    connection_->detach();
}

void Client::on_ready() {
    shaken_ = true;
    http_ = std::make_unique<net::http::RequestReader>();
}

void Client::on_bytes(std::span<char> bytes) {
    if (session_) return session_->on_bytes(bytes);
    if (waiting_) {
        early_.append(bytes.begin(), bytes.end());
        return;
    }
    std::span<const char> more = bytes;
    while (http_ && connection_->open() && !waiting_) {
        auto request = http_->feed(more);
        more = {};
        if (!request) return respond(net::http::error_response(request.error()), false);
        if (!*request) return;
        serve(**request);
        if (session_) return begin_frames();
    }
}

void Client::begin_frames() {
    std::string rest = http_->take_rest() + std::exchange(early_, {});
    http_.reset();
    if (!rest.empty()) session_->on_bytes(rest);
}

void Client::serve(const net::http::Request& request) {
    ++shard_.stats().http_requests;
    request_by_ms_ = now_ms() + limits::http_idle_ms;
    const bool keep_alive = request.keep_alive && !shard_.draining();
    const bool head_only = request.method == "HEAD";
    if (!request.query_is_well_encoded()) {
        const Error error{Errc::bad_frame, "the query is not percent-encoded as it should be"};
        return respond(net::http::error_response(error), keep_alive && !request.wants_websocket, head_only);
    }
    if (request.wants_websocket && request.path() == "/ws") return upgrade(request);
    if (HttpApi::is_for_core(request.path())) return ask_core(request);
    respond(shard_.http().answer(request, shard_.tokens()), keep_alive, head_only);
}

auth::AddressKey Client::address_of(const net::http::Request& request) const {
    return auth::key_of(shard_.http().client_of(peer_, request));
}

bool Client::over_tls(const net::http::Request& request) const {
    return shard_.http().over_tls(peer_, request, connection_->stream().is_tls());
}

void Client::ask_core(const net::http::Request& request) {
    if (shard_.draining()) return respond(net::http::error_response(Error{Errc::restarting, {}}), false);
    HttpTask task;
    task.client = key_;
    task.tls = over_tls(request);
    task.address = address_of(request);
    if (const auto allowed = shard_.http().allowed(request, task.tls); !allowed)
        return respond(net::http::error_response(allowed.error()), request.keep_alive);
    if (HttpApi::offers_token(request)) {
        auto claims = shard_.claims_of(request, task.tls);
        if (claims) {
            task.claims = std::move(*claims);
        } else if (HttpApi::needs_token(request)) {
            return respond(net::http::error_response(claims.error()), request.keep_alive);
        }
    } else if (HttpApi::needs_token(request)) {
        return respond(net::http::error_response(Error{Errc::bad_token, "no token came with the request"}),
                       request.keep_alive);
    }
    keep_alive_ = request.keep_alive;
    head_only_ = request.method == "HEAD";
    task.request = request;
    wait();
    shard_.tell_core(std::move(task));
}

void Client::wait() {
    waiting_ = true;
    request_by_ms_ = now_ms() + limits::http_answer_ms;
    connection_->pause_reading();
}

void Client::serve_on() {
    request_by_ms_ = now_ms() + limits::http_idle_ms;
    std::string early = std::exchange(early_, {});
    on_bytes(early);
    if (!waiting_ && connection_->open() && connection_->reading_paused() &&
        connection_->owed_bytes() <= limits::outbox_bytes)
        connection_->resume_reading();
}

void Client::on_answered(const net::http::Response& response) {
    if (!std::exchange(waiting_, false) || !connection_->open()) return;
    respond(response, keep_alive_ && !shard_.draining(), head_only_);
    serve_on();
}

void Client::on_ticket_taken(const Result<void>& outcome) {
    if (!std::exchange(waiting_, false) || !ticket_ || !connection_->open()) return;
    const auto use = std::move(ticket_);
    connection_->resume_reading();
    if (!outcome) return respond(net::http::error_response(outcome.error()), false);
    if (shard_.draining()) return respond(net::http::error_response(Error{Errc::restarting, {}}), false);
    open_session(use->request, std::move(use->claims));
    begin_frames();
}

void Client::respond(const net::http::Response& response, bool keep_alive, bool head_only) {
    connection_->send(net::SharedFrame::of({net::http::serialize(response, keep_alive, head_only)}));
    if (keep_alive) {
        if (connection_->owed_bytes() > limits::outbox_bytes) connection_->pause_reading();
        return;
    }
    connection_->finish();
    expect_end(now_ms() + limits::close_deadline_ms);
}

void Client::upgrade(const net::http::Request& request) {
    if (shard_.draining()) return respond(net::http::error_response(Error{Errc::restarting, {}}), false);
    const bool tls = over_tls(request);
    if (const auto text = request.query("ticket")) {
        if (const auto allowed = shard_.http().allowed(request, tls); !allowed)
            return respond(net::http::error_response(allowed.error()), false);
        auto ticket = shard_.open_ticket(*text);
        if (!ticket) return respond(net::http::error_response(ticket.error()), false);
        ticket_ = std::make_unique<TicketUse>(TicketUse{request, std::move(ticket->claims)});
        wait();
        return shard_.tell_core(TakeTicket{key_, ticket->id.str(), ticket->expires_at_s * 1000});
    }
    auto claims = shard_.claims_of(request, tls);
    if (!claims) return respond(net::http::error_response(claims.error()), false);
    open_session(request, std::move(*claims));
}

void Client::open_session(const net::http::Request& request, auth::Claims claims) {
    std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        net::ws::accept_key(*request.header("sec-websocket-key")) + "\r\n";
    if (auth::offers_protocol(request.header("sec-websocket-protocol").value_or(""), auth::ws_protocol))
        answer += "Sec-WebSocket-Protocol: " + std::string(auth::ws_protocol) + "\r\n";
    const auto deflate = shard_.compression() != nullptr
                             ? net::accept_deflate(HttpApi::offered_extensions(request))
                             : std::nullopt;
    if (deflate) answer += "Sec-WebSocket-Extensions: " + *deflate + "\r\n";
    answer += "\r\n";
    connection_->send(net::SharedFrame::of({answer}));
    session_ = std::make_unique<Session>(shard_, *connection_, key_, std::move(claims), address_of(request),
                                         deflate ? shard_.compression() : nullptr);
    session_->welcome();
    join_by_query(request);
}

void Client::join_by_query(const net::http::Request& request) {
    const auto name = request.query("room");
    if (!name) return;
    const auto room = RoomSlug::parse(*name);
    bool bad = false;
    const auto since = number_of(request, "since", bad);
    const auto last = number_of(request, "last", bad);
    const auto epoch = Epoch::parse(request.query("epoch").value_or(""));
    if (since ? (!epoch || *since < -1) : request.query("epoch").has_value()) bad = true;
    if (last && *last < 0) bad = true;
    if (!room || bad) {
        const Error error{room ? Errc::bad_frame : Errc::bad_room,
                          room ? "a query parameter is not understood" : ""};
        connection_->send(net::ws::encode(net::ws::Opcode::text, wire::error_frame(error, {}, {})));
        return;
    }
    wire::Join join;
    join.room = *room;
    if (last) join.last = wire::clamp_history(*last);
    if (since) join.resume = wire::ResumeFrom{*epoch, Seq{*since}};
    join.password = request.query("password");
    if (join.password && join.password->size() > limits::room_password_input_bytes) join.password->clear();
    session_->join(join);
}

void Client::on_room_again() {
    if (session_) return session_->on_room_again();
    if (!waiting_) connection_->resume_reading();
}

void Client::on_ended(std::string_view) {
    if (!shaken_) ++shard_.stats().handshakes_failed;
    shard_.let_go(key_);
}

void Client::tick(std::int64_t now) {
    if (end_by_ms_ != 0 && now > end_by_ms_) return connection_->abort("the deadline for its end passed");
    if (session_) return session_->tick(now);
    if (end_by_ms_ != 0 || now <= request_by_ms_) return;
    if (!shaken_ || !connection_->open()) return connection_->abort("no TLS handshake in time");
    waiting_ = false;
    net::http::Response late;
    late.status = 408;
    late.body = R"({"error":{"code":"bad_frame","message":"no whole request came in time"}})";
    respond(late, false);
}

void Client::go_away() {
    if (session_) {
        session_->close(CloseCode::restarting);
    } else if (connection_->open()) {
        connection_->finish();
        expect_end(now_ms() + limits::close_deadline_ms);
    } else {
        connection_->abort("going away");
    }
}

}  // namespace roomcast::edge
