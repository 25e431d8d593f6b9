#include "shared/auth/client_address.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

std::string client(std::string_view proxies, std::string_view peer, std::string_view forwarded_for) {
    return TrustedProxies::from_list(proxies).client_of(ip(peer), forwarded_for).str();
}

}  // namespace

TEST_CASE("addresses of both kinds are read and written") {
    for (const char* text :
         {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1"})
        CHECK(ip(text).str() == text);
    CHECK(ip("::ffff:192.0.2.1") == ip("192.0.2.1"));
    CHECK(ip("::ffff:192.0.2.1").str() == "192.0.2.1");
    CHECK(ip("fe80::1%eth0").str() == "fe80::1");
    CHECK(ip("2001:DB8:0:0::1").str() == "2001:db8::1");
    for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4:80", "[::1]", "::g", "localhost",
                            "%eth0", " 1.2.3.4", "1.2.3.4 ", "unknown", "01.2.3.4", "0x7f.1", "2130706433"})
        CHECK_FALSE(IpAddress::parse(bad));
    CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
    CHECK_FALSE(IpAddress::parse(std::string(100'000, '1')));
}

TEST_CASE("from an untrusted peer the header counts for nothing") {
    CHECK(client("", "203.0.113.9", "198.51.100.1") == "203.0.113.9");
    CHECK(client("10.0.0.0/8", "203.0.113.9", "198.51.100.1") == "203.0.113.9");
    CHECK(client("10.0.0.0/8", "203.0.113.9", "10.0.0.1, 10.0.0.2") == "203.0.113.9");
    CHECK(client("10.0.0.0/8", "203.0.113.9", "") == "203.0.113.9");
}

TEST_CASE("behind trusted proxies the nearest hop that is not one of them counts") {
    CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1, 10.0.0.2") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1,10.0.0.2 ,\t10.0.0.3") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "::ffff:10.0.0.1", "198.51.100.1") == "198.51.100.1");
    CHECK(client("::1, 2001:db8:1::/48", "::1", "2001:db8:2::9, 2001:db8:1:ffff::1") == "2001:db8:2::9");
}

TEST_CASE("what a client writes into the header itself does not change who it is") {
    CHECK(client("10.0.0.0/8", "10.0.0.1", "1.1.1.1, 198.51.100.1") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "10.9.9.9, 198.51.100.1, 10.0.0.2") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "127.0.0.1, ::1, 198.51.100.1") == "198.51.100.1");
}

TEST_CASE("if every hop is trusted it is the farthest, and without a header the peer") {
    CHECK(client("10.0.0.0/8", "10.0.0.1", "10.0.0.7, 10.0.0.2") == "10.0.0.7");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "") == "10.0.0.1");
    CHECK(client("0.0.0.0/0, ::/0", "10.0.0.1", "198.51.100.1") == "198.51.100.1");
}

TEST_CASE("a hop that cannot be read ends the walk at the hop that named it") {
    for (const char* bad :
         {"unknown", "_hidden", "", " ", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[::1", "[::1]x",
          "[::1]:", "[1.2.3.4]", "::1]", "for=1.2.3.4", "\"1.2.3.4\"", "1.2.3.4 1.2.3.4"}) {
        CAPTURE(bad);
        CHECK(client("10.0.0.0/8", "10.0.0.1", bad) == "10.0.0.1");
        CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1, " + std::string(bad) + ", 10.0.0.2") ==
              "10.0.0.2");
    }
    CHECK(client("10.0.0.0/8", "10.0.0.1", ",") == "10.0.0.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1,") == "10.0.0.1");
}

TEST_CASE("hops may have a port") {
    CHECK(client("10.0.0.0/8", "10.0.0.1", "198.51.100.1:50123") == "198.51.100.1");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "[2001:db8::7]:50123") == "2001:db8::7");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "[2001:db8::7]") == "2001:db8::7");
    CHECK(client("10.0.0.0/8", "10.0.0.1", "2001:db8::7") == "2001:db8::7");
}

TEST_CASE("a header above its limit counts as absent") {
    std::string header = "198.51.100.1";
    while (header.size() <= limits::http_header_bytes) header += ", 10.0.0.2";
    CHECK(client("10.0.0.0/8", "10.0.0.1", header) == "10.0.0.1");
}

TEST_CASE("ranges end at their bit") {
    const auto trusts = [](std::string_view list, std::string_view address) {
        return TrustedProxies::from_list(list).trusts(ip(address));
    };
    CHECK(trusts("192.0.2.128/25", "192.0.2.128"));
    CHECK(trusts("192.0.2.128/25", "192.0.2.255"));
    CHECK_FALSE(trusts("192.0.2.128/25", "192.0.2.127"));
    CHECK_FALSE(trusts("192.0.2.128/25", "192.0.3.128"));
    CHECK(trusts("192.0.2.7", "192.0.2.7"));
    CHECK_FALSE(trusts("192.0.2.7", "192.0.2.6"));
    CHECK_FALSE(trusts("192.0.2.7/32", "192.0.2.6"));
    CHECK(trusts("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(trusts("2001:db8::/33", "2001:db8:8000::1"));
    CHECK_FALSE(trusts("0.0.0.0/0", "2001:db8::1"));
    CHECK(trusts(" 10.0.0.0/8 ,, 192.0.2.1 ", "192.0.2.1"));
    CHECK_FALSE(trusts("", "127.0.0.1"));
}

TEST_CASE("a wrong list of proxies is an error at start-up") {
    for (const char* bad :
         {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "nginx", "10.0.0/8",
          "10.0.0.0/ 8", "10.0.0.0/8;::1", "*", "10.0.0.0/99999999999999999999"})
        CHECK_THROWS_AS((void)TrustedProxies::from_list(bad), std::invalid_argument);
    std::string many;
    for (std::size_t i = 0; i < limits::trusted_proxies; ++i) many += "10.0.0.1,";
    CHECK_NOTHROW((void)TrustedProxies::from_list(many));
    CHECK_THROWS_AS((void)TrustedProxies::from_list(many + "10.0.0.1"), std::invalid_argument);
}

TEST_CASE("limits count IPv4 addresses by one and IPv6 addresses by the /64") {
    CHECK(key_of(ip("192.0.2.1")) == key_of(ip("::ffff:192.0.2.1")));
    CHECK(key_of(ip("192.0.2.1")) != key_of(ip("192.0.2.2")));
    CHECK(key_of(ip("2001:db8::1")) == key_of(ip("2001:db8::ffff:ffff:ffff:ffff")));
    CHECK(key_of(ip("2001:db8:0:1::1")) != key_of(ip("2001:db8:0:2::1")));
    CHECK(key_of(ip("2001:db8::1")) != key_of(ip("192.0.2.1")));
    CHECK(std::hash<AddressKey>{}(key_of(ip("192.0.2.1"))) !=
          std::hash<AddressKey>{}(key_of(ip("192.0.2.2"))));
}

}  // namespace roomcast::auth
