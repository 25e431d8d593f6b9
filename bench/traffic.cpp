#include "bench/traffic.hpp"

#include <algorithm>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "bench/clock.hpp"

namespace roomcast::bench {
namespace {

using nlohmann::json;

constexpr std::size_t opened_at_once = 64;  // TLS handshakes; more would only queue up at the server
constexpr auto drain_step = std::chrono::milliseconds(10);

std::uint64_t turns_of(const TrafficPlan& plan) {
    return static_cast<std::uint64_t>(plan.rate_per_s * (plan.warmup_s + plan.seconds));
}

/// All of them, beginning with number `first`: where a member starts, and where it goes when that is gone.
std::vector<Url> rotated(std::vector<Url> urls, std::size_t first) {
    std::rotate(urls.begin(), urls.begin() + static_cast<std::ptrdiff_t>(first % urls.size()), urls.end());
    return urls;
}

double ms_of(std::int64_t ns) {
    const std::int64_t us = ns / 1000;
    return static_cast<double>(us) / 1000;
}

}  // namespace

Traffic::Traffic(net::Loop& loop, const net::TlsContext& tls, TrafficPlan plan, const std::string& token,
                 const std::string& run)
    : loop_(loop),
      plan_(std::move(plan)),
      usage_(plan_.watched.size()),
      pacer_(loop.io(), plan_.rate_per_s, turns_of(plan_),
             [this](std::uint64_t turn, std::int64_t intended_ns) { due(turn, intended_ns); }),
      timer_(loop.io()),
      blow_timer_(loop.io()) {
    rooms_.reserve(plan_.rooms);
    for (std::size_t r = 0; r < plan_.rooms; ++r) {
        Room& room = rooms_.emplace_back(plan_.receivers);
        Member::Place place{.urls = rotated(plan_.sender_urls, r),
                            .room = plan_.room_prefix + '-' + std::to_string(r),
                            .room_index = r,
                            .token = token,
                            .id_prefix = run + '.' + std::to_string(r) + '.',
                            .text_bytes = plan_.text_bytes};
        // A sender that loses its server goes wherever any client of the room may go.
        for (const auto& url : plan_.receiver_urls)
            if (std::none_of(place.urls.begin(), place.urls.end(),
                             [&](const Url& known) { return known.authority() == url.authority(); }))
                place.urls.push_back(url);
        room.sender = std::make_unique<Member>(loop, tls, *this, place, 0);
        to_open_.push_back(room.sender.get());
        for (std::size_t i = 0; i < plan_.receivers; ++i) {
            place.urls = rotated(plan_.receiver_urls, r + i);
            room.members.push_back(std::make_unique<Member>(loop, tls, *this, place, i));
            to_open_.push_back(room.members.back().get());
        }
    }
}

void Traffic::start() {
    sample(&Watched::before);
    for (std::size_t i = 0; i < opened_at_once; ++i) open_next();
}

void Traffic::open_next() {
    if (opened_ < to_open_.size()) to_open_[opened_++]->start();
}

void Traffic::on_joined(Member&) {
    open_next();
    if (++joined_ == to_open_.size()) all_joined();
}

void Traffic::all_joined() {
    sample(&Watched::joined);
    const std::int64_t first_ns = now_ns() + 50 * ns_per_ms;
    measured_from_ns_ = first_ns + static_cast<std::int64_t>(plan_.warmup_s * ns_per_s);
    pacer_.start(first_ns);
    timer_.expires_at(time_point_of(measured_from_ns_));
    timer_.async_wait([this](boost::system::error_code) { sample(&Watched::first); });
    if (!plan_.blow) return;
    blow_timer_.expires_at(
        time_point_of(measured_from_ns_ + static_cast<std::int64_t>(plan_.blow->after_s * ns_per_s)));
    blow_timer_.async_wait([this](boost::system::error_code) { strike(); });
}

void Traffic::strike() {
    struck_ns_ = now_ns();
    if (::kill(plan_.blow->pid, plan_.blow->signal) != 0)
        throw std::runtime_error("cannot signal process " + std::to_string(plan_.blow->pid));
}

void Traffic::due(std::uint64_t turn, std::int64_t intended_ns) {
    Room& room = rooms_[turn % rooms_.size()];
    room.sender->say({room.sent++, intended_ns});
    if (turn + 1 < turns_of(plan_)) return;
    sample(&Watched::last);
    sent_all_ns_ = now_ns();
    drain(sent_all_ns_ + static_cast<std::int64_t>(plan_.drain_s * ns_per_s));
}

void Traffic::on_delivered(Member& member, const Stamp& stamp) {
    Room& room = rooms_[member.room_index()];
    if (&member == room.sender.get() || !room.tally.take(member.receiver(), stamp.number)) return;
    const std::int64_t now = now_ns();
    Receiver& receiver = room.shown[member.receiver()];
    if (receiver.last_ns != 0 && (!plan_.blow || (struck_ns_ != 0 && now >= struck_ns_)))
        receiver.longest_gap_ns = std::max(receiver.longest_gap_ns, now - receiver.last_ns);
    receiver.last_ns = now;
    if (stamp.intended_ns < measured_from_ns_) return;
    latency_.add(now - stamp.intended_ns);
    if (sent_all_ns_ == 0) ++measured_deliveries_;
}

void Traffic::on_acked(Member&, const Stamp& stamp) {
    if (stamp.intended_ns >= measured_from_ns_) ack_latency_.add(now_ns() - stamp.intended_ns);
}

void Traffic::drain(std::int64_t deadline_ns) {
    if (missing() == 0 || now_ns() > deadline_ns) return loop_.io().stop();
    timer_.expires_after(drain_step);
    timer_.async_wait([this, deadline_ns](boost::system::error_code) { drain(deadline_ns); });
}

void Traffic::sample(ProcessUsage Watched::*when) {
    for (std::size_t i = 0; i < usage_.size(); ++i) usage_[i].*when = usage_of(plan_.watched[i].pid);
}

std::uint64_t Traffic::missing() const {
    std::uint64_t sum = 0;
    for (const auto& room : rooms_) sum += room.tally.missing(room.sent);
    return sum;
}

json Traffic::usage() const {
    json all = json::object();
    const auto deliveries = static_cast<double>(std::max<std::uint64_t>(measured_deliveries_, 1));
    for (std::size_t i = 0; i < usage_.size(); ++i) {
        const auto& used = usage_[i];
        const double cpu_s = used.last.cpu_s - used.first.cpu_s;
        all[plan_.watched[i].name] = {
            {"cpu_us_per_delivery", cpu_s * 1e6 / deliveries},
            {"cpu_share", cpu_s / plan_.seconds},
            {"rss_kib", used.last.rss_kib},
            {"rss_kib_per_connection", static_cast<double>(used.joined.rss_kib - used.before.rss_kib) /
                                           static_cast<double>(to_open_.size())}};
    }
    return all;
}

/// What a room's receivers had to wait for between two messages, at the worst; one number a room.
json Traffic::gaps() const {
    json all = json::array();
    for (const auto& room : rooms_) {
        std::int64_t longest = 0;
        for (const auto& receiver : room.shown) {
            longest = std::max(longest, receiver.longest_gap_ns);
            // One that was shown nothing more at all has waited until the end.
            if (receiver.last_ns != 0 && room.tally.missing(room.sent) != 0)
                longest = std::max(longest, now_ns() - receiver.last_ns);
        }
        all.push_back(ms_of(longest));
    }
    return all;
}

json Traffic::result() const {
    Member::Counts sums;
    std::uint64_t sent = 0;
    std::uint64_t delivered = 0;
    std::uint64_t doubled = 0;
    std::uint64_t unacked = 0;
    const auto add = [&](const Member& member) {
        const auto& counts = member.counts();
        sums.acked += counts.acked;
        sums.sent_again += counts.sent_again;
        sums.refused += counts.refused;
        sums.ended += counts.ended;
        sums.unrecovered += counts.unrecovered;
        sums.disordered += counts.disordered;
        if (!counts.last_trouble.empty()) sums.last_trouble = counts.last_trouble;
        unacked += member.unacked();
    };
    for (const auto& room : rooms_) {
        sent += room.sent;
        delivered += room.tally.delivered();
        doubled += room.tally.doubled();
        add(*room.sender);
        for (const auto& member : room.members) add(*member);
    }
    json out = {{"connections", to_open_.size()},
                {"joined", joined_},
                {"sent", sent},
                {"acked", sums.acked},
                {"unacked", unacked},
                {"delivered", delivered},
                {"lost", missing()},
                {"doubled", doubled},
                {"disordered", sums.disordered},
                {"unrecovered", sums.unrecovered},
                {"refused", sums.refused},
                {"sent_again", sums.sent_again},
                {"ended", sums.ended},
                {"last_trouble", sums.last_trouble},
                {"latency", latency_},
                {"ack_latency", ack_latency_},
                {"gap_ms_by_room", gaps()},
                {"processes", usage()}};
    const auto by_room = out["gap_ms_by_room"].get<std::vector<double>>();
    out["longest_gap_ms"] = by_room.empty() ? 0 : *std::max_element(by_room.begin(), by_room.end());
    return out;
}

}  // namespace roomcast::bench
