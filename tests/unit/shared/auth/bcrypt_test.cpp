#include "shared/auth/bcrypt.hpp"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast::auth {
namespace {

constexpr int cost = limits::bcrypt_cost_least;

std::string hash_of(std::string_view password) { return hash_password(password, cost).value(); }

}  // namespace

TEST_CASE("a password fits its hash and no other does") {
    const auto hash = hash_of("correct horse");
    CHECK(hash.size() == 60);
    CHECK(hash.starts_with("$2b$04$"));
    CHECK(check_password("correct horse", hash));
    for (const char* wrong : {"correct horsf", "correct hors", "correct horse ", "Correct horse", ""})
        CHECK_FALSE(check_password(wrong, hash));
}

TEST_CASE("two hashes of one password differ") { CHECK(hash_of("secret") != hash_of("secret")); }

TEST_CASE("hashes that other programs made are understood") {
    // Published test vectors of bcrypt.
    CHECK(check_password("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(check_password("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(check_password("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK_FALSE(check_password("U*V", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST_CASE("all of a password counts, up to its 72nd byte, and longer ones are refused") {
    const std::string longest(limits::password_bytes, 'x');
    auto other = longest;
    other.back() = 'y';
    const auto hash = hash_of(longest);
    CHECK(check_password(longest, hash));
    CHECK_FALSE(check_password(other, hash));
    CHECK_FALSE(check_password(longest + "z", hash));
    for (const auto& bad : {longest + "z", std::string(), std::string("a\0b", 3), std::string(1, '\0'),
                            std::string(1'000'000, 'x')}) {
        const auto refused = hash_password(bad, cost);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::bad_password);
        CHECK_FALSE(refused.error().detail.empty());
    }
}

TEST_CASE("a password is not cut at a zero byte") {
    CHECK_FALSE(check_password(std::string("secret\0x", 8), hash_of("secret")));
}

TEST_CASE("bytes above 127 count") {
    const auto hash = hash_of("p\u00e4ss\xff");
    CHECK(check_password("p\u00e4ss\xff", hash));
    CHECK_FALSE(check_password("p\u00e4ss\x7f", hash));
}

TEST_CASE("a cost out of bounds is refused, and a stored hash with one is not counted out") {
    for (const int bad : {-1, 0, limits::bcrypt_cost_least - 1, limits::bcrypt_cost_most + 1, 31, 99})
        CHECK(hash_password("secret", bad).error().code == Errc::internal);
    auto hash = hash_of("secret");
    const auto begin = std::chrono::steady_clock::now();
    for (const char* digits : {"31", "17", "03", "00", "99"}) {
        hash.replace(4, 2, digits);
        CHECK_FALSE(check_password("secret", hash));
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("what is no bcrypt hash fits no password") {
    const auto hash = hash_of("secret");
    for (const std::string& bad :
         {std::string(), std::string("secret"), std::string("*0"), std::string("*1"), hash.substr(0, 59),
          hash + "x", hash.substr(0, 29), "$6$" + hash.substr(3), "$1$" + hash.substr(3),
          std::string(60, '\0'), hash.substr(0, 59) + '\0', hash.substr(0, 40) + "\n" + hash.substr(41),
          "$2x$" + hash.substr(4), std::string(60, '*')})
        CHECK_FALSE(check_password("secret", bad));
}

TEST_CASE("the hash for accounts that do not exist costs what others cost, and fits nothing") {
    CHECK(dummy_hash(4).starts_with("$2b$04$"));
    CHECK(dummy_hash(12).starts_with("$2b$12$"));
    CHECK(dummy_hash(12).size() == 60);
    CHECK(dummy_hash(99).starts_with("$2b$16$"));
    for (const char* password : {"", "secret", "password"})
        CHECK_FALSE(check_password(password, dummy_hash(4)));

    const auto time_of = [](const std::string& hash) {
        auto best = std::chrono::steady_clock::duration::max();
        for (int i = 0; i < 5; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            CHECK_FALSE(check_password("wrong", hash));
            best = std::min(best, std::chrono::steady_clock::now() - begin);
        }
        return best;
    };
    const auto real = time_of(hash_password("secret", 7).value());
    const auto dummy = time_of(dummy_hash(7));
    CHECK(dummy * 3 > real);  // not answered without work
    CHECK(real * 3 > dummy);
}

}  // namespace roomcast::auth
