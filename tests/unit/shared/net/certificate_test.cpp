#include "shared/net/certificate.hpp"

#include <ctime>

#include <doctest/doctest.h>

#include "tests/unit/shared/net/connection_rig.hpp"

namespace roomcast::net {

TEST_CASE("a certificate file tells when it runs out; a file that holds none does not") {
    const auto expiry = certificate_expiry_s(certificates().certificate("node"));
    REQUIRE(expiry);
    CHECK(*expiry > std::time(nullptr));
    CHECK(*expiry < std::time(nullptr) + 400L * 86'400);
    CHECK_FALSE(certificate_expiry_s(certificates().key("node")));
    CHECK_FALSE(certificate_expiry_s("/nowhere/x.pem"));
}

}  // namespace roomcast::net
