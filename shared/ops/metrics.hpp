#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/registry.h>

namespace roomcast::ops {

/// Bounds of latency histograms, in seconds; each is the largest value of its bucket, and one more bucket
/// holds the rest.
inline constexpr std::array<double, 14> latency_bounds_s = {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                                                            0.05,   0.1,    0.2,   0.5,   1,     2,    5};

/// The process's metrics, all with the label `node`. Asking again for a name and labels gives the same
/// metric.
///
/// Owned by main, and outlives whoever holds a reference to a metric of it. Any thread may ask, set and
/// collect; a metric is an atomic, so hot paths count in a LocalCounter or LocalHistogram and drain it now
/// and then. A name that is malformed or was used for another kind is std::invalid_argument: make metrics at
/// start. Label values come from closed lists, or from lists with a limit.
class Metrics {
public:
    explicit Metrics(std::string node);

    prometheus::Counter& counter(const std::string& name, const std::string& help,
                                 const prometheus::Labels& labels = {});
    prometheus::Gauge& gauge(const std::string& name, const std::string& help,
                             const prometheus::Labels& labels = {});
    prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                     const prometheus::Labels& labels, const std::vector<double>& bounds);
    /// Metrics that come and go, for label values from a list with a limit.
    prometheus::Family<prometheus::Counter>& counters(const std::string& name, const std::string& help);
    prometheus::Family<prometheus::Gauge>& gauges(const std::string& name, const std::string& help);
    /// With latency_bounds_s, as LocalHistogram wants it.
    prometheus::Histogram& latency_histogram(const std::string& name, const std::string& help,
                                             const prometheus::Labels& labels = {});

    /// What Prometheus reads (text format 0.0.4).
    [[nodiscard]] std::string text() const;
    [[nodiscard]] prometheus::Registry& registry() { return registry_; }

private:
    prometheus::Labels constant_;
    prometheus::Registry registry_;
};

/// A latency histogram without atomics. One thread fills and drains it; the drain moves what is new to the
/// shared one.
class LocalHistogram {
public:
    void observe(double seconds);
    /// `target` must be a latency_histogram().
    void drain_into(prometheus::Histogram& target);

private:
    std::array<std::uint32_t, latency_bounds_s.size() + 1> counts_{};
    double sum_s_ = 0;
    bool changed_ = false;
};

/// A counter without atomics. One thread counts and drains; the drain moves what is new to the shared one.
class LocalCounter {
public:
    void add(std::uint64_t count = 1) { total_ += count; }
    [[nodiscard]] std::uint64_t total() const { return total_; }
    void drain_into(prometheus::Counter& target);

private:
    std::uint64_t total_ = 0;
    std::uint64_t drained_ = 0;
};

}  // namespace roomcast::ops
