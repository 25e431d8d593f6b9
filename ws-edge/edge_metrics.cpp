#include "ws-edge/edge_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace roomcast::edge {
namespace {

/// What was answered with `rate_limited`, by the limit that was met.
prometheus::Counter* limited(ops::Metrics& metrics, const char* limit) {
    return &metrics.counter("roomcast_rate_limited_total", "Messages, requests and tries above a limit",
                            {{"limit", limit}});
}

}  // namespace

EdgeMetrics::EdgeMetrics(ops::Metrics& metrics, ShardIndex shards)
    : shard_counters_{
          {&metrics.counter("roomcast_connections_accepted_total", "TCP connections accepted"), &ShardStats::connections_accepted},
          {&metrics.counter("roomcast_connections_refused_total", "TCP connections above the limit"), &ShardStats::connections_refused},
          {&metrics.counter("roomcast_handshakes_failed_total", "TLS handshakes that did not end well"), &ShardStats::handshakes_failed},
          {&metrics.counter("roomcast_http_requests_total", "HTTP requests, upgrades included"), &ShardStats::http_requests},
          {&metrics.counter("roomcast_frames_received_total", "Frames from clients"), &ShardStats::frames_in},
          {&metrics.counter("roomcast_frames_bad_total", "Frames from clients that were refused as malformed"), &ShardStats::frames_bad},
          {&metrics.counter("roomcast_messages_received_total", "Messages from clients"), &ShardStats::messages_in},
          {&metrics.counter("roomcast_deliveries_total", "Messages put into clients' outboxes"), &ShardStats::deliveries},
          {&metrics.counter("roomcast_ephemeral_deliveries_total", "Presence and typing frames put into outboxes"), &ShardStats::ephemeral},
          {&metrics.counter("roomcast_joins_total", "Joins asked for"), &ShardStats::joins},
          {&metrics.counter("roomcast_resumes_total", "Resumes that missed nothing"), &ShardStats::resumes},
          {&metrics.counter("roomcast_resumes_failed_total", "Resumes that got a fresh view instead"), &ShardStats::resumes_failed},
          {&metrics.counter("roomcast_outbox_full_total", "Members moved from live to catching up"), &ShardStats::lagged},
          {&metrics.counter("roomcast_sessions_closed_slow_total", "Sessions closed for not reading"), &ShardStats::closed_slow},
          {&metrics.counter("roomcast_sessions_closed_silent_total", "Sessions closed without a sign of life"), &ShardStats::closed_silent},
          {&metrics.counter("roomcast_joins_refused_total", "Joins answered with an error"), &ShardStats::joins_refused},
          {limited(metrics, "session"), &ShardStats::rate_limited},
      },
      core_counters_{
          {&metrics.counter("roomcast_messages_published_total", "Messages handed to the log"), &CoreStats::published},
          {&metrics.counter("roomcast_acks_total", "Messages acknowledged"), &CoreStats::acked},
          {&metrics.counter("roomcast_messages_refused_total", "Messages refused, surely not kept"), &CoreStats::refused},
          {&metrics.counter("roomcast_messages_unknown_total", "Messages that may or may not have been kept"), &CoreStats::unknown},
          {&metrics.counter("roomcast_records_from_workers_total", "Records that workers sent"), &CoreStats::entries_in},
          {&metrics.counter("roomcast_resubscribes_total", "Rooms subscribed anew at another worker"), &CoreStats::resubscribes},
      },
      limit_counters_{
          {limited(metrics, "user"), &TrafficLimits::Refusals::user},
          {limited(metrics, "address"), &TrafficLimits::Refusals::address},
          {limited(metrics, "room"), &TrafficLimits::Refusals::room},
          {limited(metrics, "requests"), &TrafficLimits::Refusals::requests},
      },
      password_counters_{
          {limited(metrics, "passwords"), &Passwords::Stats::throttled},
          {&metrics.counter("roomcast_password_hashes_total", "Passwords hashed with bcrypt"), &Passwords::Stats::hashed},
          {&metrics.counter("roomcast_password_checks_total", "Passwords checked with bcrypt"), &Passwords::Stats::checked},
          {&metrics.counter("roomcast_passwords_remembered_total", "Passwords that were right without bcrypt, as they were before"), &Passwords::Stats::remembered},
          {&metrics.counter("roomcast_passwords_refused_total", "Passwords refused as busy: the queue was full"), &Passwords::Stats::refused},
      },
      shards_(shards), connections_(metrics.gauge("roomcast_connections", "Open connections")),
      sessions_(metrics.gauge("roomcast_sessions", "Open WebSocket sessions")),
      rooms_(metrics.gauge("roomcast_rooms", "Rooms with members here")),
      unanswered_(metrics.gauge("roomcast_messages_unanswered", "Messages that wait for their ack")),
      workers_linked_(metrics.gauge("roomcast_workers_linked", "Workers with a link")),
      passwords_queued_(metrics.gauge("roomcast_passwords_queued", "Passwords that wait for a thread")),
      delivery_(metrics.latency_histogram("roomcast_delivery_seconds", "From a message's stamp to its fan-out")),
      ack_(metrics.latency_histogram("roomcast_ack_seconds", "From a message's arrival at the core to its ack")) {}

template <class Stats>
void EdgeMetrics::add(const std::vector<Line<Stats>>& lines, Stats& before, const Stats& now) {
    for (const auto& line : lines)
        line.counter->Increment(static_cast<double>(now.*line.field - before.*line.field));
    before = now;
}

void EdgeMetrics::publish(ShardIndex shard, ShardReport report) {
    add(shard_counters_, shards_.at(shard), report.stats);
    report.delivery_s.drain_into(delivery_);
    double connections = 0, sessions = 0;
    for (const auto& stats : shards_) {
        connections += static_cast<double>(stats.connections);
        sessions += static_cast<double>(stats.sessions);
    }
    connections_.Set(connections);
    sessions_.Set(sessions);
}

void EdgeMetrics::publish(Core& core, std::size_t workers_linked) {
    add(core_counters_, core_, core.stats());
    add(limit_counters_, limits_, core.limits().refusals());
    rooms_.Set(static_cast<double>(core.rooms()));
    unanswered_.Set(static_cast<double>(core.unanswered()));
    workers_linked_.Set(static_cast<double>(workers_linked));
    core.take_ack_latencies().drain_into(ack_);
}

void EdgeMetrics::publish(const Passwords::Stats& now) {
    add(password_counters_, passwords_, now);
    passwords_queued_.Set(static_cast<double>(now.queued));
}

}  // namespace roomcast::edge
