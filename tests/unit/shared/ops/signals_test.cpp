#include "shared/ops/signals.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

namespace roomcast::ops {

TEST_CASE("SIGTERM and SIGINT call on_stop on the loop, with the signal") {
    for (const int signal : {SIGTERM, SIGINT}) {
        boost::asio::io_context loop;
        std::vector<int> seen;
        Signals signals(loop, {[&](int number) {
                                   seen.push_back(number);
                                   loop.stop();
                               },
                               [] {}});
        ::raise(signal);
        CHECK(seen.empty());
        loop.run();
        CHECK(seen == std::vector<int>{signal});
        ::signal(SIGTERM, SIG_DFL);
        ::signal(SIGINT, SIG_DFL);
    }
}

TEST_CASE("SIGHUP calls on_reload, as often as it comes") {
    boost::asio::io_context loop;
    int reloads = 0;
    Signals signals(loop, {[](int) {},
                           [&] {
                               if (++reloads < 3)
                                   ::raise(SIGHUP);
                               else
                                   loop.stop();
                           }});
    ::raise(SIGHUP);
    loop.run();
    CHECK(reloads == 3);
}

TEST_CASE("SIGPIPE is ignored") {
    ::signal(SIGPIPE, SIG_DFL);
    boost::asio::io_context loop;
    Signals signals(loop, {[](int) {}, [] {}});
    struct sigaction action {};
    REQUIRE(::sigaction(SIGPIPE, nullptr, &action) == 0);
    const bool ignored = action.sa_handler == SIG_IGN;
    CHECK(ignored);
}

TEST_CASE("a SIGINT during the shutdown ends the process at once with 130, even when the loop is stuck") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        boost::asio::io_context loop;
        Signals signals(loop, {[](int) { ::raise(SIGINT); }, [] {}});
        ::raise(SIGTERM);
        loop.run();
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 130);
}

TEST_CASE("once disarmed, the loop may end and no callback comes any more") {
    boost::asio::io_context loop;
    int reloads = 0;
    Signals signals(loop, {[](int) {}, [&] { ++reloads; }});
    ::raise(SIGHUP);
    signals.disarm();
    loop.run();
    CHECK(reloads == 0);
}

}  // namespace roomcast::ops
