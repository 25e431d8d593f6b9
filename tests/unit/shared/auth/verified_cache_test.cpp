#include "shared/auth/verified_cache.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roomcast::auth {

TEST_CASE("a verified pair is known, and no other") {
    VerifiedCache cache(10);
    CHECK_FALSE(cache.has("secret", "hash"));
    cache.add("secret", "hash");
    CHECK(cache.has("secret", "hash"));
    CHECK_FALSE(cache.has("secre", "hash"));
    CHECK_FALSE(cache.has("secret", "hash2"));
    CHECK_FALSE(cache.has("hash", "secret"));
    CHECK_FALSE(cache.has("hsecret", "has"));
    CHECK_FALSE(cache.has("", ""));
    CHECK_FALSE(VerifiedCache(10).has("secret", "hash"));
}

TEST_CASE("the pair that was not used for longest makes room") {
    VerifiedCache cache(3);
    for (const char* password : {"a", "b", "c"}) cache.add(password, "hash");
    CHECK(cache.has("a", "hash"));
    cache.add("c", "hash");
    CHECK(cache.size() == 3);
    cache.add("d", "hash");
    CHECK(cache.size() == 3);
    CHECK_FALSE(cache.has("b", "hash"));
    for (const char* password : {"a", "c", "d"}) CHECK(cache.has(password, "hash"));
    for (int i = 0; i < 1'000; ++i) cache.add(std::to_string(i), "hash");
    CHECK(cache.size() == 3);
}

TEST_CASE("a cache of nothing knows nothing") {
    VerifiedCache cache(0);
    cache.add("secret", "hash");
    CHECK_FALSE(cache.has("secret", "hash"));
    CHECK(cache.size() == 0);
}

}  // namespace roomcast::auth
