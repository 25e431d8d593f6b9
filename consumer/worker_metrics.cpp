#include "consumer/worker_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace roomcast::consumer {

WorkerMetrics::WorkerMetrics(ops::Metrics& metrics)
    : counters_{
          {&metrics.counter("roomcast_records_read_total", "Records read from rooms' logs"), &Stats::records_read},
          {&metrics.counter("roomcast_repeats_dropped_total", "Records that repeat an earlier message"), &Stats::repeats_dropped},
          {&metrics.counter("roomcast_entries_delivered_total", "Records handed to edges, once for each"), &Stats::entries_delivered},
          {&metrics.counter("roomcast_history_reads_total", "Questions about the past that were read from a log"), &Stats::history_reads},
          {&metrics.counter("roomcast_history_from_ring_total", "Questions about the past that memory answered"), &Stats::history_from_ring},
          {&metrics.counter("roomcast_subscribes_total", "Subscriptions by edges"), &Stats::subscribes},
          {&metrics.counter("roomcast_subscribes_refused_total", "Subscriptions refused"), &Stats::refusals},
          {&metrics.counter("roomcast_tail_restarts_total", "Readings of a log that had to begin anew"), &Stats::tail_restarts},
          {&metrics.counter("roomcast_rooms_lost_total", "Rooms that ended while in use"), &Stats::rooms_lost},
      },
      active_rooms_(metrics.gauge("roomcast_active_rooms", "Rooms being read")),
      edges_(metrics.gauge("roomcast_edges_linked", "Edges with a link")),
      subscriptions_(metrics.gauge("roomcast_subscriptions", "Subscriptions of edges")),
      slots_owned_(metrics.gauge("roomcast_slots_owned", "Slots owned by this worker")),
      rooms_(metrics) {}

void WorkerMetrics::publish(Service& service, std::size_t slots_owned) {
    const Stats& now = service.stats();
    for (const auto& line : counters_)
        line.counter->Increment(static_cast<double>(now.*line.field - published_.*line.field));
    published_ = now;
    active_rooms_.Set(static_cast<double>(service.active_rooms()));
    edges_.Set(static_cast<double>(service.peers()));
    subscriptions_.Set(static_cast<double>(service.subscriptions()));
    slots_owned_.Set(static_cast<double>(slots_owned));
    rooms_.publish(service);
}

}  // namespace roomcast::consumer
