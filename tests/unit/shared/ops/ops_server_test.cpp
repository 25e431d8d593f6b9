#include "shared/ops/ops_server.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::ops {
namespace {

using boost::asio::ip::tcp;

struct Server {
    CapturedLog captured;
    Metrics metrics{"edge-1"};
    Readiness readiness{"kafka", "workers"};
    OpsServer server{metrics, readiness, captured.log};
    boost::asio::io_context loop;

    Server() { server.start("127.0.0.1", 0); }

    tcp::socket connect() {
        tcp::socket socket(loop);
        socket.connect({boost::asio::ip::make_address("127.0.0.1"), server.port()});
        return socket;
    }
    /// The whole answer, up to the end of the connection.
    std::string send(const std::string& request) {
        auto socket = connect();
        boost::system::error_code ignored;
        boost::asio::write(socket, boost::asio::buffer(request), ignored);
        return read(socket);
    }
    static std::string read(tcp::socket& socket) {
        std::string answer;
        boost::system::error_code ignored;
        boost::asio::read(socket, boost::asio::dynamic_buffer(answer), ignored);
        return answer;
    }
    std::string get(const std::string& target) {
        return send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
};

std::string body_of(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "(no body)" : answer.substr(end + 4);
}

}  // namespace

TEST_CASE("/metrics answers with what was counted, in Prometheus's text format") {
    Server server;
    server.metrics.counter("messages_total", "Messages.").Increment(3);
    const auto answer = server.get("/metrics");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Content-Type: text/plain; version=0.0.4") != std::string::npos);
    CHECK(body_of(answer).find("messages_total{node=\"edge-1\"} 3\n") != std::string::npos);
    CHECK(server.get("/metrics?x=1").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("/healthz is fine while the server runs, ready or not") {
    Server server;
    CHECK(server.get("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("/readyz names what is missing, until nothing is") {
    Server server;
    auto answer = server.get("/readyz");
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK(body_of(answer) == R"({"missing":["kafka","workers"],"ready":false})");

    server.readiness.condition("kafka").set(true);
    CHECK(body_of(server.get("/readyz")) == R"({"missing":["workers"],"ready":false})");

    server.readiness.condition("workers").set(true);
    answer = server.get("/readyz");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(body_of(answer) == R"({"missing":[],"ready":true})");

    server.readiness.condition("kafka").set(false);
    CHECK(server.get("/readyz").starts_with("HTTP/1.1 503 "));
}

TEST_CASE("anything else is not found") {
    Server server;
    CHECK(server.get("/").starts_with("HTTP/1.1 404 "));
    CHECK(server.get("/metrics/").starts_with("HTTP/1.1 404 "));
    CHECK(server.get("/../metrics").starts_with("HTTP/1.1 404 "));
    CHECK(server.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
              .starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a request header above the limit is refused, and so is what is no HTTP") {
    Server server;
    CHECK(server.get("/" + std::string(ops_header_bytes, 'x')).find(" 200 ") == std::string::npos);
    CHECK(server.send("GET / HTTP/1.1\r\nX: " + std::string(100 * 1024, 'x')).find(" 200 ") ==
          std::string::npos);
    CHECK(server.send("hello\r\n\r\n").find(" 200 ") == std::string::npos);
    CHECK(server.get("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("connections above the limit are closed on arrival, and those before are still answered") {
    Server server;
    std::vector<tcp::socket> idle;
    for (std::size_t i = 0; i < ops_connections; ++i) idle.push_back(server.connect());
    auto extra = server.connect();
    CHECK(Server::read(extra).empty());
    boost::asio::write(idle.front(),
                       boost::asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")));
    CHECK(Server::read(idle.front()).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("stopping drops open connections, and the port is free again") {
    Server server;
    const auto port = server.server.port();
    CHECK(port != 0);
    CHECK(server.captured.has("event=ops_listening address=127.0.0.1 port=" + std::to_string(port)));
    auto idle = server.connect();
    CHECK(server.get("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));  // so that the idle one was accepted
    server.server.stop();
    CHECK(Server::read(idle).empty());
    CHECK(server.server.port() == 0);
    server.server.stop();
    CHECK_NOTHROW(server.server.start("127.0.0.1", port));
}

TEST_CASE("a port that is taken, or an address that is none, stops the start") {
    Server server;
    OpsServer second(server.metrics, server.readiness, server.captured.log);
    CHECK_THROWS_AS(second.start("127.0.0.1", server.server.port()), std::runtime_error);
    CHECK_THROWS_AS(second.start("localhost", 0), std::runtime_error);
    CHECK(second.port() == 0);
}

TEST_CASE("a readiness condition that was not named at start is an exception") {
    Readiness readiness{"kafka"};
    CHECK_THROWS_AS((void)readiness.condition("kafak"), std::out_of_range);
    CHECK_FALSE(readiness.ready());
    readiness.condition("kafka").set(true);
    CHECK(readiness.ready());
}

}  // namespace roomcast::ops
