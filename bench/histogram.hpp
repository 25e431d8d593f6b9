#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace roomcast::bench {

/// Durations counted in buckets that are 0.4 % wide, so that millions of them need no more memory than one.
///
/// A value; not for several threads. What is below 0 counts as 0, what is above 17 minutes as that.
class Histogram {
public:
    Histogram();

    void add(std::int64_t ns);
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// The least duration that `share` (0 to 1) of all do not exceed, to a bucket's width; 0 when it is
    /// empty.
    [[nodiscard]] double percentile_ms(double share) const;
    [[nodiscard]] double max_ms() const;

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::int64_t max_ns_ = 0;
};

/// {"count", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"}
void to_json(nlohmann::json& out, const Histogram& histogram);

}  // namespace roomcast::bench
