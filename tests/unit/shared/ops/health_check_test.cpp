#include "shared/ops/health_check.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "shared/ops/ops_server.hpp"
#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::ops {
namespace {

struct Node {
    CapturedLog captured;
    Metrics metrics{"edge-1"};
    Readiness readiness{"serving"};
    OpsServer server{metrics, readiness, captured.log};
};

}  // namespace

TEST_CASE("a health check is good when the node is ready, and says what is missing when it is not") {
    Node node;
    node.server.start("127.0.0.1", 0);
    std::ostringstream out;
    CHECK(check_health("127.0.0.1", node.server.port(), out) == 1);
    CHECK(out.str().find("\"serving\"") != std::string::npos);
    node.readiness.condition("serving").set(true);
    CHECK(check_health("127.0.0.1", node.server.port(), out) == 0);
}

TEST_CASE("a health check of a node that listens everywhere asks it locally") {
    Node node;
    node.server.start("0.0.0.0", 0);
    node.readiness.condition("serving").set(true);
    std::ostringstream out;
    CHECK(check_health("0.0.0.0", node.server.port(), out) == 0);
}

TEST_CASE("a health check of nobody fails, and says why") {
    std::uint16_t port = 0;
    {
        Node node;
        node.server.start("127.0.0.1", 0);
        port = node.server.port();
    }
    std::ostringstream out;
    CHECK(check_health("127.0.0.1", port, out) == 1);
    CHECK(out.str().find("no answer from 127.0.0.1:") != std::string::npos);
}

}  // namespace roomcast::ops
