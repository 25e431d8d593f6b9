#include "shared/ops/metrics.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

namespace roomcast::ops {
namespace {

bool says(const Metrics& metrics, const std::string& line) {
    return metrics.text().find(line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("every metric has the node as a label") {
    Metrics metrics("edge-1");
    metrics.counter("messages_total", "Messages.", {{"kind", "chat"}}).Increment(2);
    metrics.gauge("sessions", "Sessions.").Set(7);
    CHECK(says(metrics, "# HELP messages_total Messages."));
    CHECK(says(metrics, "# TYPE messages_total counter"));
    CHECK(says(metrics, R"(messages_total{node="edge-1",kind="chat"} 2)"));
    CHECK(says(metrics, R"(sessions{node="edge-1"} 7)"));
}

TEST_CASE(
    "asking for the same metric again gives the same one, and other labels give another of its family") {
    Metrics metrics("edge-1");
    auto& first = metrics.counter("messages_total", "Messages.", {{"kind", "a"}});
    CHECK(&first == &metrics.counter("messages_total", "Messages.", {{"kind", "a"}}));
    CHECK(&first != &metrics.counter("messages_total", "Messages.", {{"kind", "b"}}));
    CHECK(&metrics.latency_histogram("ack_seconds", "Acks.") ==
          &metrics.latency_histogram("ack_seconds", "Acks."));
}

TEST_CASE("a malformed name, or one of another kind of metric, is an exception at start") {
    Metrics metrics("edge-1");
    metrics.gauge("sessions", "Sessions.");
    CHECK_THROWS_AS(metrics.counter("sessions", "Sessions."), std::invalid_argument);
    CHECK_THROWS_AS(metrics.counter("not a name", "x"), std::invalid_argument);
}

TEST_CASE("a local histogram puts a value on a bound into that bound's bucket") {
    Metrics metrics("edge-1");
    auto& shared = metrics.latency_histogram("ack_seconds", "Acks.");
    LocalHistogram local;
    local.observe(0.0002);
    local.observe(0.00021);
    local.observe(5);
    local.observe(5.1);
    local.drain_into(shared);
    CHECK(says(metrics, R"(ack_seconds_bucket{node="edge-1",le="0.0002"} 1)"));
    CHECK(says(metrics, R"(ack_seconds_bucket{node="edge-1",le="0.0005"} 2)"));
    CHECK(says(metrics, R"(ack_seconds_bucket{node="edge-1",le="2"} 2)"));
    CHECK(says(metrics, R"(ack_seconds_bucket{node="edge-1",le="5"} 3)"));
    CHECK(says(metrics, R"(ack_seconds_bucket{node="edge-1",le="+Inf"} 4)"));
    CHECK(says(metrics, R"(ack_seconds_count{node="edge-1"} 4)"));
}

TEST_CASE("a local histogram counts as the shared one does") {
    Metrics metrics("edge-1");
    auto& drained = metrics.latency_histogram("a_seconds", "x");
    auto& direct = metrics.latency_histogram("b_seconds", "x");
    LocalHistogram local;
    for (const double bound : latency_bounds_s)
        for (const double value : {bound, std::nextafter(bound, 0), std::nextafter(bound, 10)}) {
            local.observe(value);
            direct.Observe(value);
        }
    local.drain_into(drained);
    const auto a = drained.Collect().histogram;
    const auto b = direct.Collect().histogram;
    REQUIRE(a.bucket.size() == b.bucket.size());
    for (std::size_t i = 0; i < a.bucket.size(); ++i)
        CHECK(a.bucket[i].cumulative_count == b.bucket[i].cumulative_count);
    CHECK(a.sample_sum == doctest::Approx(b.sample_sum));
}

TEST_CASE("a drain moves only what is new") {
    Metrics metrics("edge-1");
    auto& histogram = metrics.latency_histogram("ack_seconds", "Acks.");
    auto& counter = metrics.counter("messages_total", "Messages.");
    LocalHistogram local_histogram;
    LocalCounter local_counter;
    for (int round = 0; round < 3; ++round) {
        local_histogram.observe(0.5);
        local_counter.add(10);
        local_histogram.drain_into(histogram);
        local_histogram.drain_into(histogram);
        local_counter.drain_into(counter);
        local_counter.drain_into(counter);
    }
    CHECK(histogram.Collect().histogram.sample_count == 3);
    CHECK(histogram.Collect().histogram.sample_sum == doctest::Approx(1.5));
    CHECK(counter.Value() == 30);
    CHECK(local_counter.total() == 30);
}

TEST_CASE("a time that is no number, or negative, does not spoil a local histogram") {
    Metrics metrics("edge-1");
    auto& shared = metrics.latency_histogram("ack_seconds", "Acks.");
    LocalHistogram local;
    local.observe(std::numeric_limits<double>::quiet_NaN());
    local.observe(std::numeric_limits<double>::infinity());
    local.observe(-1);
    local.drain_into(shared);
    CHECK(shared.Collect().histogram.sample_count == 1);
    CHECK(shared.Collect().histogram.sample_sum == 0);
}

}  // namespace roomcast::ops
