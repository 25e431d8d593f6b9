#include "consumer/worker.hpp"

#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <prometheus/counter.h>

#include "consumer/link_server.hpp"
#include "consumer/membership.hpp"
#include "consumer/service.hpp"
#include "consumer/worker_metrics.hpp"
#include "shared/channel/kafka/kafka_channel.hpp"
#include "shared/channel/kafka_settings.hpp"
#include "shared/net/certificate.hpp"
#include "shared/net/tls_context.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/metrics.hpp"
#include "shared/ops/ops_server.hpp"
#include "shared/ops/phased_shutdown.hpp"
#include "shared/ops/readiness.hpp"
#include "shared/ops/signals.hpp"

namespace roomcast::consumer {
namespace {

namespace kafka = channel::kafka;
constexpr auto topics_deadline = std::chrono::seconds(60);
constexpr auto watch_every = std::chrono::milliseconds(100);

void make_base_topics(boost::asio::io_context& io, const kafka::KafkaConfig& config) {
    std::optional<Result<void>> made;
    kafka::ensure_base_topics(io, config, topics_deadline,
                              [&](Result<void> result) { made = std::move(result); });
    while (!made && !io.stopped()) io.run_one();
    if (!made) throw std::runtime_error("stopped before it was up");
    if (!*made) throw std::runtime_error(made->error().detail);
}

/// The composition root's parts, in the order in which they are made; destroyed in reverse.
class Worker {
public:
    explicit Worker(const ops::WorkerSettings& settings)
        : settings_(settings),
          log_(ops::make_log(settings.log, settings.node.str())),
          metrics_(settings.node.str()),
          readiness_({"directory", "announced"}),
          ops_server_(metrics_, readiness_, log_),
          io_(1),
          loop_(io_),
          config_(channel::kafka_config(settings.kafka, log_)),
          worker_metrics_(metrics_),
          watch_timer_(io_),
          shutdown_(io_, log_) {
        config_.session_timeout_ms = settings.session_timeout_ms;
        auto& foreign = metrics_.counter("roomcast_foreign_records_total",
                                         "Records in rooms' topics that are not Roomcast's");
        config_.on_foreign_record = [&foreign] { foreign.Increment(); };
        if (const auto valid = kafka::validate(config_); !valid)
            throw std::runtime_error(valid.error().detail);
    }

    int run() {
        ops_server_.start(settings_.ops_listen, settings_.ops_port);
        ops::Signals signals(io_, {[this, &signals](int) { stop(signals); }, [] {}});
        make_base_topics(io_, config_);
        reader_ = kafka::make_log_reader(io_, config_, settings_.node);
        admin_ = kafka::make_log_admin(io_, config_);
        table_ = kafka::make_table_log(io_, config_);
        members_ = kafka::make_members_log(io_, config_);
        directory_ = std::make_unique<channel::RoomDirectory>(io_, *table_, *admin_, log_);
        accounts_table_ = kafka::make_table_log(io_, config_, channel::Table::accounts);
        accounts_ = std::make_unique<channel::AccountDirectory>(io_, *accounts_table_, log_);
        service_ = std::make_unique<Service>(io_, *reader_, *directory_, *accounts_, log_);
        links_ = std::make_unique<LinkServer>(
            loop_,
            net::TlsContext::mutual(settings_.link_tls.ca, settings_.link_tls.cert, settings_.link_tls.key),
            *service_, log_);
        const std::uint16_t port = links_->listen(settings_.link_listen, settings_.link_port);
        membership_ = std::make_unique<Membership>(io_, *members_, *directory_, *accounts_, settings_.node,
                                                   settings_.link_advertise, port, log_);
        group_ = kafka::make_group_membership(io_, config_, *membership_);
        membership_->start();
        if (const auto expiry = net::certificate_expiry_s(settings_.link_tls.cert))
            metrics_.gauge(net::expiry_metric, net::expiry_help, {{"certificate", "link"}})
                .Set(static_cast<double>(*expiry));
        log_.info("worker_started", {{"link_port", port}, {"metrics_port", ops_server_.port()}});
        watch();
        io_.run();
        log_.info("worker_stopped");
        return 0;
    }

private:
    void watch() {
        readiness_.condition("directory")
            .set(directory_->current() && accounts_->current() && membership_->slots_owned() > 0);
        readiness_.condition("announced").set(membership_->announced());
        worker_metrics_.publish(*service_, membership_->slots_owned());
        watch_timer_.expires_after(watch_every);
        watch_timer_.async_wait([this](boost::system::error_code stopped) {
            if (!stopped) watch();
        });
    }

    void stop(ops::Signals& signals) {
        log_.info("worker_stopping");
        if (!membership_) return io_.stop();
        shutdown_.add("leave the workers", [this](auto done, auto) {
            links_->stop_accepting();
            membership_->leave(done);
        });
        shutdown_.add("hand the rooms over", [this](auto done, auto) {
            service_->drain();
            links_->when_unused(done);
        });
        shutdown_.add("leave the group", [this](auto done, auto) { group_->leave(done); });
        shutdown_.start([this, &signals] {
            watch_timer_.cancel();
            signals.disarm();
            io_.stop();
        });
    }

    const ops::WorkerSettings& settings_;
    ops::Log log_;
    ops::Metrics metrics_;
    ops::Readiness readiness_;
    ops::OpsServer ops_server_;
    boost::asio::io_context io_;
    net::Loop loop_;
    kafka::KafkaConfig config_;
    WorkerMetrics worker_metrics_;
    boost::asio::steady_timer watch_timer_;
    ops::PhasedShutdown shutdown_;
    std::unique_ptr<channel::LogReader> reader_;
    std::unique_ptr<channel::LogAdmin> admin_;
    std::unique_ptr<channel::TableLog> table_;
    std::unique_ptr<channel::MembersLog> members_;
    std::unique_ptr<channel::RoomDirectory> directory_;
    std::unique_ptr<channel::TableLog> accounts_table_;
    std::unique_ptr<channel::AccountDirectory> accounts_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<LinkServer> links_;
    std::unique_ptr<Membership> membership_;
    std::unique_ptr<channel::GroupMembership> group_;
};

}  // namespace

int run_worker(const ops::WorkerSettings& settings) { return Worker(settings).run(); }

}  // namespace roomcast::consumer
