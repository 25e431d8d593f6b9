#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <nlohmann/json.hpp>

namespace roomcast::bench {
namespace {

constexpr int fine_bits = 8;  // 2^8 buckets for each doubling
constexpr std::int64_t largest_ns = (std::int64_t{1} << 40) - 1;

std::size_t bucket_of(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, largest_ns));
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - 1 - fine_bits);
    return (static_cast<std::size_t>(shift) << fine_bits) + static_cast<std::size_t>(value >> shift);
}

/// The largest value that falls into a bucket.
std::int64_t top_of(std::size_t bucket) {
    const std::size_t fine = std::size_t{1} << fine_bits;
    if (bucket < 2 * fine) return static_cast<std::int64_t>(bucket);
    const auto shift = static_cast<int>(bucket >> fine_bits) - 1;
    const auto first = static_cast<std::int64_t>(bucket - (static_cast<std::size_t>(shift) << fine_bits))
                       << shift;
    return first + (std::int64_t{1} << shift) - 1;
}

double ms_of(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

Histogram::Histogram() : buckets_(bucket_of(largest_ns) + 1) {}

void Histogram::add(std::int64_t ns) {
    ++buckets_[bucket_of(ns)];
    ++count_;
    max_ns_ = std::max(max_ns_, ns);
}

double Histogram::percentile_ms(double share) const {
    if (count_ == 0) return 0;
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= wanted) return ms_of(std::min(top_of(i), max_ns_));
    }
    return max_ms();
}

double Histogram::max_ms() const { return ms_of(max_ns_); }

void to_json(nlohmann::json& out, const Histogram& histogram) {
    const auto rounded = [](double ms) { return std::round(ms * 1000) / 1000; };
    out = {{"count", histogram.count()},
           {"p50_ms", rounded(histogram.percentile_ms(0.5))},
           {"p90_ms", rounded(histogram.percentile_ms(0.9))},
           {"p99_ms", rounded(histogram.percentile_ms(0.99))},
           {"p999_ms", rounded(histogram.percentile_ms(0.999))},
           {"max_ms", rounded(histogram.max_ms())}};
}

}  // namespace roomcast::bench
