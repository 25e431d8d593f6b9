#include "bench/crowd/fanout.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "bench/clock.hpp"

namespace roomcast::bench {
namespace {

constexpr double open_deadline_s = 120;
constexpr int slow_receive_bytes = 4096;
constexpr std::int64_t step_ns = 20 * ns_per_ms;
constexpr std::uint64_t arrivals_seed = 20261122;

std::int64_t ns_of(double seconds) { return static_cast<std::int64_t>(seconds * ns_per_s); }

}  // namespace

Fanout::Fanout(FanoutPlan plan)
    : plan_(std::move(plan)), crowd_(plan_.door, *this), usage_(plan_.watched.size()) {
    plan_turns();
    for (std::size_t room = 0; room < plan_.rooms; ++room) add_room(room);
    sent_.resize(plan_.rooms);
}

void Fanout::add_room(std::size_t room) {
    const std::string name = plan_.room_prefix + '-' + std::to_string(room);
    const std::string door = filled(plan_.dialect.subscribe, name);
    const auto place = [&](std::uint32_t receiver) {
        Place made;
        made.room = static_cast<std::uint32_t>(room);
        made.receiver = receiver;
        return made;
    };
    senders_.push_back(crowd_.size());
    if (!plan_.dialect.publish.empty() && !plan_.door.only_tls) {
        crowd_.add(filled(plan_.dialect.publish, name));
        places_.push_back(place(0));
        places_.back().receives = false;
    }
    for (std::size_t i = 0; i < plan_.receivers; ++i) {
        crowd_.add(door);
        places_.push_back(place(static_cast<std::uint32_t>(i)));
    }
    tallies_.emplace_back(plan_.receivers);
    if (room != 0) return;
    for (std::size_t i = 0; i < plan_.slow; ++i) {
        crowd_.add(door, slow_receive_bytes);
        places_.push_back(place(0));
        places_.back().slow = true;
        places_.back().receives = false;
    }
}

void Fanout::on_shaken(Client& client) {
    if (plan_.door.only_tls) count_in(client);
}

void Fanout::on_open(Client& client) {
    const Place& place = places_[client.number()];
    if (plan_.dialect.joined.empty() || (!place.receives && !place.slow)) count_in(client);
}

void Fanout::count_in(Client& client) {
    Place& place = places_[client.number()];
    if (std::exchange(place.in, true)) return;
    ++in_;
    if (place.slow) client.stop_reading();
    crowd_.arrived();
}

void Fanout::on_text(Client& client, std::string_view text) {
    const Place& place = places_[client.number()];
    Mark mark;
    if (!place.receives || !read_mark(text, mark)) {
        if (!place.in && text.find(plan_.dialect.joined) != std::string_view::npos) return count_in(client);
        if (plan_.dialect.refused.empty() || text.find(plan_.dialect.refused) == std::string_view::npos)
            return;
        ++refused_;
        trouble_ = text;
        return;
    }
    if (!tallies_[place.room].take(place.receiver, mark.number)) return;
    if (mark.intended_ns < measured_from_ns_) return;
    latency_.add(now_ns() - mark.intended_ns);
    if (said_all_ns_ == 0) ++measured_;
}

void Fanout::on_ended(Client& client, std::string_view why) {
    const Place& place = places_[client.number()];
    if (place.slow) {
        ++slow_ended_;
        return;
    }
    ++ended_;
    trouble_ = why;
    if (!place.in) crowd_.arrived();
}

void Fanout::sample(ProcessUsage Usage::*when) {
    for (std::size_t i = 0; i < usage_.size(); ++i) usage_[i].*when = usage_of(plan_.watched[i].pid);
}

void Fanout::open_all() {
    sample(&Usage::before);
    const std::int64_t began = now_ns();
    crowd_.open();
    while (in_ + ended_ < crowd_.size()) {
        if (now_ns() > began + ns_of(open_deadline_s))
            throw std::runtime_error("only " + std::to_string(in_) + " of " + std::to_string(crowd_.size()) +
                                     " clients are in: " + trouble_);
        crowd_.serve(now_ns() + step_ns);
    }
    open_s_ = static_cast<double>(now_ns() - began) / ns_per_s;
    sample(&Usage::joined);
}

/// At random: many people who know nothing of each other, so exponential gaps, from a fixed seed that gives
/// every server the same ones.
void Fanout::plan_turns() {
    if (plan_.rate_per_s <= 0) return;
    const double whole_s = plan_.warmup_s + plan_.seconds;
    std::mt19937_64 chance{arrivals_seed};
    std::exponential_distribution<double> gap_s{plan_.rate_per_s};
    double at_s = plan_.at_random ? gap_s(chance) : 0;
    while (at_s < whole_s) {
        turns_.push_back(ns_of(at_s));
        at_s = plan_.at_random ? at_s + gap_s(chance) : static_cast<double>(turns_.size()) / plan_.rate_per_s;
    }
}

std::int64_t Fanout::due_ns(std::uint64_t turn) const { return first_ns_ + turns_[turn]; }

void Fanout::say_what_is_due(std::int64_t now) {
    std::uint64_t turn = turn_;
    for (; turn < turns_.size() && due_ns(turn) <= now; ++turn) {
        const std::size_t room = turn % senders_.size();
        const std::uint64_t number = sent_[room]++;
        write_mark(text_, {number, due_ns(turn)}, plan_.text_bytes);
        crowd_.client(senders_[room])
            .queue(filled(plan_.dialect.frame, plan_.room_prefix + '-' + std::to_string(room),
                          plan_.run + '.' + std::to_string(room) + '.' + std::to_string(number), text_));
    }
    // What one sender has to say at once leaves at once.
    const std::uint64_t flushes = std::min<std::uint64_t>(turn - turn_, senders_.size());
    for (std::uint64_t i = 0; i < flushes; ++i)
        crowd_.client(senders_[(turn_ + i) % senders_.size()]).flush();
    turn_ = turn;
}

void Fanout::talk() {
    first_ns_ = now_ns() + 50 * ns_per_ms;
    measured_from_ns_ = first_ns_ + ns_of(plan_.warmup_s);
    const std::int64_t end = measured_from_ns_ + ns_of(plan_.seconds);
    bool measuring = false;
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
        if (!measuring && now >= measured_from_ns_) {
            measuring = true;
            sample(&Usage::first);
            own_first_ = usage_of(::getpid());
        }
        say_what_is_due(now);
        std::int64_t until = std::min(end, now + step_ns);
        if (turn_ < turns_.size()) until = std::min(until, due_ns(turn_));
        crowd_.serve(until);
    }
    say_what_is_due(end);
    sample(&Usage::last);
    own_last_ = usage_of(::getpid());
    said_all_ns_ = now_ns();
}

void Fanout::drain() {
    const std::int64_t deadline = now_ns() + ns_of(plan_.drain_s);
    while (missing() > 0 && now_ns() < deadline) crowd_.serve(now_ns() + step_ns);
}

void Fanout::run() {
    open_all();
    talk();
    drain();
}

std::uint64_t Fanout::missing() const {
    std::uint64_t sum = 0;
    for (std::size_t room = 0; room < tallies_.size(); ++room) sum += tallies_[room].missing(sent_[room]);
    return sum;
}

nlohmann::json Fanout::result() const {
    std::uint64_t sent = 0;
    std::uint64_t doubled = 0;
    std::uint64_t delivered = 0;
    for (const auto count : sent_) sent += count;
    for (const auto& tally : tallies_) {
        doubled += tally.doubled();
        delivered += tally.delivered();
    }
    nlohmann::json processes = nlohmann::json::object();
    const auto connections = static_cast<double>(crowd_.size());
    for (std::size_t i = 0; i < usage_.size(); ++i) {
        const Usage& used = usage_[i];
        const double cpu_s = used.last.cpu_s - used.first.cpu_s;
        const auto per_connection = [&](const ProcessUsage& now) {
            return static_cast<double>(now.rss_kib - used.before.rss_kib) / connections;
        };
        processes[plan_.watched[i].name] = {
            {"cpu_us_per_delivery", measured_ == 0 ? 0.0 : cpu_s * 1e6 / static_cast<double>(measured_)},
            {"cpu_share", cpu_s / plan_.seconds},
            {"cpu_us_per_join", (used.joined.cpu_s - used.before.cpu_s) * 1e6 / connections},
            {"rss_kib", used.last.rss_kib},
            {"rss_kib_before", used.before.rss_kib},
            {"rss_kib_per_connection_joined", per_connection(used.joined)},
            {"rss_kib_per_connection", per_connection(used.last)}};
    }
    return {{"connections", crowd_.size()},
            {"in", in_},
            {"joins_per_s", connections / open_s_},
            {"ended", ended_},
            {"slow_ended", slow_ended_},
            {"refused", refused_},
            {"trouble", trouble_},
            {"sent", sent},
            {"delivered", delivered},
            {"frame_bytes", crowd_.frame_bytes()},
            {"deliveries_per_s", static_cast<double>(measured_) / plan_.seconds},
            {"lost", missing()},
            {"doubled", doubled},
            {"latency", latency_},
            {"client_cpu_share", (own_last_.cpu_s - own_first_.cpu_s) / plan_.seconds},
            {"processes", processes}};
}

}  // namespace roomcast::bench
