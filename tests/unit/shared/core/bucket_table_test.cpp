#include "shared/core/bucket_table.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roomcast {

TEST_CASE("each key has an allowance of its own") {
    BucketTable<std::string> table({.per_s = 1, .burst = 2}, 10);
    CHECK_FALSE(table.take("a", 0));
    CHECK_FALSE(table.take("a", 0));
    CHECK(table.take("a", 0) == 1000);
    CHECK_FALSE(table.take("b", 0));
    CHECK(table.take("a", 400) == 600);
    CHECK_FALSE(table.take("a", 1000));
    CHECK(table.size() == 2);
}

TEST_CASE("a table of buckets holds no more than its capacity, and drops who was not seen for longest") {
    BucketTable<int> table({.per_s = 0.001, .burst = 1}, 3);
    for (const int key : {1, 2, 3}) CHECK_FALSE(table.take(key, 0));
    CHECK(table.take(1, 1));  // seen again, so 2 is the oldest
    CHECK_FALSE(table.take(4, 2));
    CHECK(table.size() == 3);
    CHECK(table.take(1, 3));
    CHECK(table.take(3, 3));
    CHECK_FALSE(table.take(2, 4));
    for (int key = 100; key < 10'100; ++key) CHECK_FALSE(table.take(key, 5));
    CHECK(table.size() == 3);
}

TEST_CASE("buckets that are full again leave the table") {
    BucketTable<int> table({.per_s = 10, .burst = 1}, 1'000);
    for (int key = 0; key < 1'000; ++key) CHECK_FALSE(table.take(key, 0));
    CHECK(table.size() == 1'000);
    for (int key = 1'000; key < 1'600; ++key) CHECK_FALSE(table.take(key, 10'000));
    CHECK(table.size() < 1'000);
}

TEST_CASE("a table with a rate of 0 lets all pass and keeps nothing") {
    BucketTable<int> table({.per_s = 0, .burst = 1}, 10);
    for (int i = 0; i < 100; ++i) CHECK_FALSE(table.take(1, 0));
    CHECK(table.size() == 0);
}

}  // namespace roomcast
