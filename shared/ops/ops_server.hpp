#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shared/ops/log.hpp"
#include "shared/ops/metrics.hpp"
#include "shared/ops/readiness.hpp"

namespace roomcast::ops {

inline constexpr std::size_t ops_header_bytes = 4 * 1024;  // a scraper sends some 300
inline constexpr std::size_t ops_connections = 32;         // at once; more are closed on arrival
inline constexpr int ops_deadline_ms = 5'000;              // of a connection, from accept to its one answer

/// A small HTTP server for operators: `/metrics` for Prometheus, `/healthz` (200 while it runs) and `/readyz`
/// (200, or 503 with the names of what is missing). One GET per connection; anything else is 404.
///
/// Owned by main; it has a thread and an io_context of its own, so that a stuck shard can still be looked at.
/// `start` binds and throws std::runtime_error where it cannot; `stop`, or the destructor, drops all
/// connections and joins the thread. Both are called on the owner's thread. Metrics, Readiness and Log must
/// outlive it.
class OpsServer {
public:
    OpsServer(const Metrics& metrics, const Readiness& readiness, const Log& log);
    ~OpsServer();
    OpsServer(const OpsServer&) = delete;
    OpsServer& operator=(const OpsServer&) = delete;

    /// `port` 0: any that is free.
    void start(const std::string& address, std::uint16_t port);
    void stop();

    /// The port in use; 0 when not started.
    [[nodiscard]] std::uint16_t port() const;

private:
    class Impl;
    const Metrics& metrics_;
    const Readiness& readiness_;
    const Log& log_;
    std::unique_ptr<Impl> impl_;  // while it runs
};

}  // namespace roomcast::ops
