#include "ws-edge/edge.hpp"

#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/auth/key_files.hpp"
#include "shared/net/certificate.hpp"
#include "shared/net/tls_context.hpp"
#include "shared/ops/ops_server.hpp"
#include "shared/ops/phased_shutdown.hpp"
#include "shared/ops/signals.hpp"
#include "ws-edge/api/api.hpp"
#include "ws-edge/backend.hpp"
#include "ws-edge/edge_metrics.hpp"

namespace roomcast::edge {
namespace {

constexpr auto watch_every = std::chrono::milliseconds(100);
constexpr int watches_a_report = 5;

/// One a core; with two cores only one, as Kafka's clients need the other.
ShardIndex shard_count(const ops::EdgeSettings& settings) {
    if (settings.shards > 0) return static_cast<ShardIndex>(settings.shards);
    const auto cores = std::thread::hardware_concurrency();
    return cores > 2 ? cores : 1;
}

std::shared_ptr<const auth::TokenAuthority> load_tokens(const ops::EdgeSettings& settings) {
    auth::TokenKeysConfig keys;
    keys.secret_file = settings.jwt_secret_file;
    keys.keys_file = settings.tokens.keys_file;
    keys.jwks_file = settings.tokens.jwks_file;
    keys.outside_issuer = settings.tokens.outside_issuer;
    keys.outside_audience = settings.tokens.outside_audience;
    keys.outside_user_claim = settings.tokens.outside_user_claim;
    return auth::load_token_authority(keys);
}

/// The composition root's parts, in the order in which they are made; destroyed in reverse.
class Edge {
public:
    explicit Edge(const ops::EdgeSettings& settings)
        : settings_(settings),
          log_(ops::make_log(settings.log, settings.node.str())),
          metrics_(settings.node.str()),
          readiness_({"log", "serving"}),
          ops_server_(metrics_, readiness_, log_),
          tokens_(load_tokens(settings)),
          origins_(auth::OriginPolicy::from_list(settings.allowed_origins)),
          proxies_(auth::TrustedProxies::from_list(settings.trusted_proxies)),
          files_(settings.web_dir),
          http_(settings, origins_, proxies_, files_, readiness_),
          io_(1),
          loop_(io_),
          core_(
              io_, shard_count(settings),
              [this](ShardIndex shard, std::vector<ShardEvent> events) {
                  // What the log of tokens tells before there are shards is told to them by its replay.
                  if (shard < shards_.size()) shards_[shard]->post_events(std::move(events));
              },
              settings.rates, log_),
          context_{http_,
                   tokens_,
                   settings,
                   settings.tls ? net::TlsContext::server(settings.tls_cert, settings.tls_key) : nullptr,
                   settings.node,
                   std::chrono::microseconds(settings.coalesce_us),
                   log_,
                   [this](ShardIndex shard, std::vector<CoreCommand> commands) {
                       boost::asio::post(io_, [this, shard, commands = std::move(commands)]() mutable {
                           core_.on_commands(shard, std::move(commands));
                       });
                   }},
          edge_metrics_(metrics_, shard_count(settings)),
          watch_timer_(io_),
          drain_timer_(io_),
          shutdown_(io_, log_) {}

    int run() {
        ops_server_.start(settings_.ops_listen, settings_.ops_port);
        ops::Signals signals(io_, {[this, &signals](int) { stop(signals); }, [this] { reload(); }});
        backend_ = settings_.local ? make_local_backend(loop_, settings_, core_, log_)
                                   : make_cluster_backend(loop_, settings_, core_, log_);
        std::uint16_t port = settings_.port;
        const ShardIndex count = shard_count(settings_);
        for (ShardIndex index = 0; index < count; ++index)
            shards_.push_back(std::make_unique<Shard>(index, context_, count == 1 ? &io_ : nullptr));
        api_ = std::make_unique<Api>(io_, settings_, core_, backend_->tokens_table(), tokens_, log_);
        core_.use(backend_->workers(), backend_->publisher(), *api_);
        for (auto& shard : shards_) port = shard->start(settings_.listen, port);
        readiness_.condition("serving").set(true);
        if (settings_.tls) show_expiry("server", settings_.tls_cert);
        if (!settings_.local) show_expiry("link", settings_.link_tls.cert);
        log_.info("edge_started", {{"port", port},
                                   {"shards", shards_.size()},
                                   {"tls", settings_.tls},
                                   {"local", settings_.local},
                                   {"metrics_port", ops_server_.port()}});
        watch();
        io_.run();
        for (auto& shard : shards_) shard->stop();
        log_.info("edge_stopped");
        return 0;
    }

private:
    void watch() {
        readiness_.condition("log").set(backend_->ready() && api_->ready());
        if (++watches_ % watches_a_report == 0) {
            edge_metrics_.publish(core_, backend_->workers_linked());
            edge_metrics_.publish(api_->password_stats());
            for (ShardIndex index = 0; index < shards_.size(); ++index)
                shards_[index]->post_report([this, index](ShardReport report) {
                    boost::asio::post(io_, [this, index, report] { edge_metrics_.publish(index, report); });
                });
        }
        watch_timer_.expires_after(watch_every);
        watch_timer_.async_wait([this](boost::system::error_code stopped) {
            if (!stopped) watch();
        });
    }

    /// Calls `done` on the loop once no message waits for its ack.
    void when_answered(std::function<void()> done) {
        if (core_.unanswered() == 0 && api_->unanswered() == 0) {
            core_.flush();  // the last answers are on their way before any goodbye
            return done();
        }
        drain_timer_.expires_after(std::chrono::milliseconds(5));
        drain_timer_.async_wait([this, done = std::move(done)](boost::system::error_code stopped) mutable {
            if (!stopped) when_answered(std::move(done));
        });
    }

    /// Takes every shard a step; `done` is called on the loop when all have done it, behind what they had
    /// said before.
    void after_shards(const std::function<void(Shard&, std::function<void()>)>& step,
                      const std::function<void()>& done) {
        auto left = std::make_shared<std::size_t>(shards_.size());
        for (auto& shard : shards_)
            step(*shard, [this, left, done] {
                boost::asio::post(io_, [left, done] {
                    if (--*left == 0) done();
                });
            });
    }

    /// Takes up renewed certificates and keys without letting go of a connection; keeps the old ones when the
    /// new ones are no good.
    void reload() {
        try {
            tokens_ = load_tokens(settings_);
            for (auto& shard : shards_) shard->post_tokens(tokens_);
            if (api_) api_->use(tokens_);
            log_.info("token_keys_reloaded");
        } catch (const std::exception& failure) {
            log_.error("token_keys_not_reloaded", {{"why", failure.what()}});
        }
        if (!settings_.tls) return;
        try {
            const auto renewed = net::TlsContext::server(settings_.tls_cert, settings_.tls_key);
            for (auto& shard : shards_) shard->post_tls(renewed);
            show_expiry("server", settings_.tls_cert);
            log_.info("certificate_reloaded", {{"file", settings_.tls_cert}});
        } catch (const std::exception& failure) {
            log_.error("certificate_not_reloaded", {{"why", failure.what()}});
        }
    }

    /// Of the certificate that is in use, which a renewed file alone does not change.
    void show_expiry(const std::string& use, const std::string& file) {
        if (const auto expiry = net::certificate_expiry_s(file))
            metrics_.gauge(net::expiry_metric, net::expiry_help, {{"certificate", use}})
                .Set(static_cast<double>(*expiry));
    }

    void stop(ops::Signals& signals) {
        log_.info("edge_stopping");
        readiness_.condition("serving").set(false);
        if (shards_.empty()) return io_.stop();
        shutdown_.add("refuse new work", [this](auto done, auto) {
            after_shards(
                [](Shard& shard, std::function<void()> drained) { shard.post_drain(std::move(drained)); },
                done);
        });
        shutdown_.add("answer what was accepted", [this](auto done, auto) { when_answered(done); });
        shutdown_.add("say goodbye", [this](auto done, auto) {
            after_shards(
                [](Shard& shard, std::function<void()> gone) { shard.post_go_away(std::move(gone)); }, done);
        });
        shutdown_.start([this, &signals] {
            watch_timer_.cancel();
            signals.disarm();
            io_.stop();
        });
    }

    const ops::EdgeSettings& settings_;
    ops::Log log_;
    ops::Metrics metrics_;
    ops::Readiness readiness_;
    ops::OpsServer ops_server_;
    std::shared_ptr<const auth::TokenAuthority> tokens_;
    auth::OriginPolicy origins_;
    auth::TrustedProxies proxies_;
    StaticFiles files_;
    HttpApi http_;
    boost::asio::io_context io_;
    net::Loop loop_;
    Core core_;
    ShardContext context_;
    EdgeMetrics edge_metrics_;
    boost::asio::steady_timer watch_timer_;
    boost::asio::steady_timer drain_timer_;
    ops::PhasedShutdown shutdown_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<Api> api_;
    unsigned watches_ = 0;
};

}  // namespace

int run_edge(const ops::EdgeSettings& settings) { return Edge(settings).run(); }

}  // namespace roomcast::edge
