#include "bench/join_run.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "bench/clock.hpp"

namespace roomcast::bench {

using nlohmann::json;

JoinRun::JoinRun(net::Loop& loop, const net::TlsContext& tls, JoinPlan plan, std::string token)
    : loop_(loop), plan_(std::move(plan)), token_(std::move(token)), client_(loop, tls, *this) {
    if (plan_.held_at.empty()) return;
    for (std::size_t i = 0; i < plan_.rooms; ++i) {
        Member::Place place;
        place.urls = plan_.held_at;
        place.room = plan_.room_prefix + '-' + std::to_string(i);
        place.token = token_;
        holders_.push_back(std::make_unique<Member>(loop, tls, *this, place, 0));
    }
}

void JoinRun::start() {
    if (holders_.empty()) return client_.open(plan_.url, token_);
    holders_.front()->start();
}

void JoinRun::on_joined(Member&) {
    if (++held_ == holders_.size()) return client_.open(plan_.url, token_);
    holders_[held_]->start();
}

std::string JoinRun::room() const { return plan_.room_prefix + '-' + std::to_string(turn_ % plan_.rooms); }

void JoinRun::on_open() { join_next(); }

void JoinRun::join_next() {
    if (turn_ == plan_.rooms * plan_.repeats) return loop_.io().stop();
    const std::string join = json{{"type", "join"}, {"room", room()}, {"last", plan_.last}}.dump();
    asked_ns_ = now_ns();
    client_.send(join);
}

void JoinRun::on_text(std::string_view frame) {
    const std::int64_t now = now_ns();
    if (is_message(frame)) return;
    const json said = json::parse(frame);
    const std::string type = said.at("type");
    if (type == "joined") {
        latency_.add(now - asked_ns_);
        if (said.at("messages").size() != static_cast<std::size_t>(plan_.last)) ++short_of_messages_;
        client_.send(json{{"type", "leave"}, {"room", room()}}.dump());
    } else if (type == "left") {
        ++turn_;
        join_next();
    } else if (type == "error") {
        fail(frame);
    }
}

void JoinRun::on_down(std::string_view why) { fail(why); }

void JoinRun::fail(std::string_view why) {
    failure_ = why;
    loop_.io().stop();
}

json JoinRun::result() const {
    return {{"rooms", plan_.rooms},
            {"joins", latency_.count()},
            {"short_of_messages", short_of_messages_},
            {"failure", failure_},
            {"latency", latency_}};
}

}  // namespace roomcast::bench
