#include "shared/ops/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <prometheus/text_serializer.h>

namespace roomcast::ops {

Metrics::Metrics(std::string node) : constant_{{"node", std::move(node)}} {}

prometheus::Family<prometheus::Counter>& Metrics::counters(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Labels(constant_).Register(registry_);
}

prometheus::Family<prometheus::Gauge>& Metrics::gauges(const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Labels(constant_).Register(registry_);
}

prometheus::Counter& Metrics::counter(const std::string& name, const std::string& help,
                                      const prometheus::Labels& labels) {
    return counters(name, help).Add(labels);
}

prometheus::Gauge& Metrics::gauge(const std::string& name, const std::string& help,
                                  const prometheus::Labels& labels) {
    return gauges(name, help).Add(labels);
}

prometheus::Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                                          const prometheus::Labels& labels,
                                          const std::vector<double>& bounds) {
    return prometheus::BuildHistogram().Name(name).Help(help).Labels(constant_).Register(registry_).Add(
        labels, bounds);
}

prometheus::Histogram& Metrics::latency_histogram(const std::string& name, const std::string& help,
                                                  const prometheus::Labels& labels) {
    return histogram(name, help, labels, {latency_bounds_s.begin(), latency_bounds_s.end()});
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

void LocalHistogram::observe(double seconds) {
    if (!std::isfinite(seconds)) return;  // one NaN would spoil the sum for good
    seconds = std::max(seconds, 0.0);     // a clock that stepped back
    const auto* bucket = std::lower_bound(latency_bounds_s.begin(), latency_bounds_s.end(), seconds);
    ++counts_[static_cast<std::size_t>(bucket - latency_bounds_s.begin())];
    sum_s_ += seconds;
    changed_ = true;
}

void LocalHistogram::drain_into(prometheus::Histogram& target) {
    if (!changed_) return;
    target.ObserveMultiple({counts_.begin(), counts_.end()}, sum_s_);
    *this = {};
}

void LocalCounter::drain_into(prometheus::Counter& target) {
    if (total_ == drained_) return;
    target.Increment(static_cast<double>(total_ - drained_));
    drained_ = total_;
}

}  // namespace roomcast::ops
