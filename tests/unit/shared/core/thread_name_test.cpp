#include "shared/core/thread_name.hpp"

#include <array>
#include <pthread.h>
#include <string>
#include <thread>

#include <doctest/doctest.h>

namespace roomcast {
namespace {

std::string name_of_this_thread() {
    std::array<char, thread_name_bytes + 1> name{};
    REQUIRE(::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0);
    return name.data();
}

std::string named(std::string_view name) {
    std::string seen;
    std::thread([&] {
        name_this_thread(name);
        seen = name_of_this_thread();
    }).join();
    return seen;
}

}  // namespace

TEST_CASE("a thread has the name that it gave itself") { CHECK(named("shard-0") == "shard-0"); }

TEST_CASE("a thread's name that is longer than the system keeps is cut") {
    CHECK(named("fifteen-bytes-a") == "fifteen-bytes-a");
    CHECK(named("fifteen-bytes-and-more") == "fifteen-bytes-a");
}

TEST_CASE("a thread that names itself leaves the name of others alone") {
    const std::string before = name_of_this_thread();
    CHECK(named("another") == "another");
    CHECK(name_of_this_thread() == before);
}

}  // namespace roomcast
