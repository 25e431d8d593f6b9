#include "shared/ops/ops_server.hpp"

#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include "shared/core/thread_name.hpp"

namespace roomcast::ops {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

constexpr auto accept_retry =
    std::chrono::milliseconds(100);  // after a failed accept, such as no file descriptor left
constexpr auto json_type = "application/json";

Response respond(http::status status, const char* type, std::string body) {
    Response response(status, 11);
    response.set(http::field::content_type, type);
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(false);
    response.body() = std::move(body);
    response.prepare_payload();
    return response;
}

}  // namespace

class OpsServer::Impl {
public:
    Impl(const Metrics& metrics, const Readiness& readiness, const Log& log, const tcp::endpoint& endpoint)
        : metrics_(metrics),
          readiness_(readiness),
          log_(log),
          acceptor_(loop_, endpoint),
          port_(acceptor_.local_endpoint().port()) {
        asio::co_spawn(loop_, accept(), asio::detached);
        thread_ = std::jthread([this] {
            name_this_thread("operators");
            loop_.run();
        });
    }
    ~Impl() {
        loop_.stop();
        thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    asio::awaitable<void> accept() {
        for (;;) {
            boost::system::error_code failed;
            tcp::socket socket =
                co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
            if (failed) {
                log_.warn("ops_accept_failed", {{"why", failed.message()}});
                asio::steady_timer retry(loop_, accept_retry);
                co_await retry.async_wait(asio::redirect_error(asio::use_awaitable, failed));
                continue;
            }
            if (connections_ >= ops_connections) continue;
            ++connections_;
            asio::co_spawn(loop_, serve(beast::tcp_stream(std::move(socket))),
                           [this](const std::exception_ptr& failure) {
                               --connections_;
                               report(failure);
                           });
        }
    }

    asio::awaitable<void> serve(beast::tcp_stream stream) {
        stream.expires_after(std::chrono::milliseconds(ops_deadline_ms));
        beast::flat_buffer buffer(ops_header_bytes);
        http::request_parser<http::empty_body> parser;
        parser.header_limit(ops_header_bytes);
        boost::system::error_code failed;
        co_await http::async_read_header(stream, buffer, parser,
                                         asio::redirect_error(asio::use_awaitable, failed));
        if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
            co_await write(stream, respond(http::status::request_header_fields_too_large, json_type,
                                           R"({"error":"too_large"})"));
        if (failed) co_return;
        co_await write(stream, answer(parser.get()));
    }

    static asio::awaitable<void> write(beast::tcp_stream& stream, Response response) {
        boost::system::error_code failed;
        co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, failed));
        stream.socket().shutdown(tcp::socket::shutdown_send, failed);
    }

    [[nodiscard]] Response answer(const Request& request) const {
        const std::string_view target(request.target().data(), request.target().size());
        const auto path = target.substr(0, target.find('?'));
        if (request.method() == http::verb::get) {
            if (path == "/metrics")
                return respond(http::status::ok, "text/plain; version=0.0.4; charset=utf-8", metrics_.text());
            if (path == "/healthz") return respond(http::status::ok, json_type, R"({"status":"ok"})");
            if (path == "/readyz") return answer_ready();
        }
        return respond(http::status::not_found, json_type, R"({"error":"not_found"})");
    }

    [[nodiscard]] Response answer_ready() const {
        const auto missing = readiness_.missing();
        const auto status = missing.empty() ? http::status::ok : http::status::service_unavailable;
        return respond(status, json_type,
                       nlohmann::json{{"ready", missing.empty()}, {"missing", missing}}.dump());
    }

    void report(const std::exception_ptr& failure) const {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& what) {
            log_.error("ops_request_failed", {{"why", what.what()}});
        }
    }

    const Metrics& metrics_;
    const Readiness& readiness_;
    const Log& log_;
    asio::io_context loop_{1};
    tcp::acceptor acceptor_;
    const std::uint16_t port_;
    std::size_t connections_ = 0;
    std::jthread thread_;
};

OpsServer::OpsServer(const Metrics& metrics, const Readiness& readiness, const Log& log)
    : metrics_(metrics), readiness_(readiness), log_(log) {}

OpsServer::~OpsServer() = default;

void OpsServer::start(const std::string& address, std::uint16_t port) {
    try {
        const tcp::endpoint endpoint(asio::ip::make_address(address), port);
        impl_ = std::make_unique<Impl>(metrics_, readiness_, log_, endpoint);
    } catch (const boost::system::system_error& failure) {
        throw std::runtime_error("cannot serve metrics on " + address + " port " + std::to_string(port) +
                                 ": " + failure.code().message());
    }
    log_.info("ops_listening", {{"address", address}, {"port", impl_->port()}});
}

void OpsServer::stop() { impl_.reset(); }
std::uint16_t OpsServer::port() const { return impl_ ? impl_->port() : std::uint16_t{0}; }

}  // namespace roomcast::ops
