#include "shared/auth/origin.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

namespace roomcast::auth {

TEST_CASE("a caller without an Origin header is no browser and may connect") {
    CHECK(OriginPolicy({}).allows(std::nullopt, "chat.example", true));
}

TEST_CASE("a page of the same scheme, host and port may connect") {
    const OriginPolicy policy({});
    CHECK(policy.allows("https://chat.example", "chat.example", true));
    CHECK(policy.allows("https://chat.example", "chat.example:443", true));
    CHECK(policy.allows("https://chat.example:443", "chat.example", true));
    CHECK(policy.allows("http://chat.example", "chat.example:80", false));
    CHECK(policy.allows("https://localhost:8443", "localhost:8443", true));
    CHECK(policy.allows("HTTPS://Chat.Example", "CHAT.example", true));
    CHECK(policy.allows("https://[::1]:8443", "[::1]:8443", true));
    CHECK(policy.allows("https://[::1]", "[::1]", true));
}

TEST_CASE("a page of another scheme, host or port may not connect") {
    const OriginPolicy policy({});
    CHECK_FALSE(policy.allows("https://evil.example", "chat.example", true));
    CHECK_FALSE(policy.allows("http://chat.example", "chat.example", true));
    CHECK_FALSE(policy.allows("https://chat.example", "chat.example", false));
    CHECK_FALSE(policy.allows("https://chat.example:8444", "chat.example:8443", true));
    CHECK_FALSE(policy.allows("https://chat.example", "chat.example:8443", true));
    CHECK_FALSE(policy.allows("https://chat.example.evil.example", "chat.example", true));
    CHECK_FALSE(policy.allows("https://a.chat.example", "chat.example", true));
    CHECK_FALSE(policy.allows("https://chat.example", "", true));
}

TEST_CASE("a page that is in the list may connect, if it matches exactly") {
    const OriginPolicy policy({"https://app.example", "http://localhost:3000"});
    CHECK(policy.allows("https://app.example", "chat.example", true));
    CHECK(policy.allows("https://app.example:443", "chat.example", true));
    CHECK(policy.allows("http://localhost:3000", "chat.example", true));
    CHECK_FALSE(policy.allows("http://app.example", "chat.example", true));
    CHECK_FALSE(policy.allows("https://app.example:8443", "chat.example", true));
    CHECK_FALSE(policy.allows("https://x.app.example", "chat.example", true));
    CHECK_FALSE(policy.allows("http://localhost", "chat.example", true));
}

TEST_CASE("the origin null and malformed origins are refused") {
    const OriginPolicy policy({"https://app.example"});
    for (const char* origin :
         {"null", "", "app.example", "https://", "https://app.example/", "https://app.example/x",
          "https://u@app.example", "https://app.example:443:443",
          "https://app.example:", "https://app.example:0", "https://app.example:99999",
          "https://app.example:+443", "https://app.example https://evil.example", "ftp://app.example",
          "https:///app.example", "file://", "https://*", "https://[app.example", "https://app.example]"})
        CHECK_FALSE(policy.allows(origin, "chat.example", true));
    CHECK_FALSE(policy.allows("https://" + std::string(100'000, 'a'), "chat.example", true));
    CHECK_FALSE(policy.allows("null", "null", true));
    CHECK_FALSE(policy.allows("", "", true));
}

TEST_CASE("a list of origins is split at commas, and an entry that is none stops the start") {
    const auto policy = OriginPolicy::from_list(" https://a.example ,https://b.example:8443,, ");
    CHECK(policy.allows("https://a.example", "x", true));
    CHECK(policy.allows("https://b.example:8443", "x", true));
    CHECK_FALSE(policy.allows("https://c.example", "x", true));
    CHECK_NOTHROW((void)OriginPolicy::from_list(""));
    for (const char* list : {"*", "https://*.example", "null", "a.example", "https://a.example/"})
        CHECK_THROWS_AS((void)OriginPolicy::from_list(list), std::invalid_argument);
}

}  // namespace roomcast::auth
