#include "shared/ops/phased_shutdown.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include "tests/unit/shared/ops/captured_log.hpp"

namespace roomcast::ops {
namespace {

using namespace std::chrono_literals;

struct Shutdown {
    CapturedLog captured;
    boost::asio::io_context loop;
    std::unique_ptr<PhasedShutdown> shutdown = std::make_unique<PhasedShutdown>(loop, captured.log);
    std::vector<std::string> order;

    void add_quick(const std::string& name) {
        shutdown->add(name,
                      [this, name](const PhasedShutdown::Done& done, PhasedShutdown::Clock::time_point) {
                          order.push_back(name);
                          done();
                      });
    }
    void run() {
        shutdown->start([this] { order.emplace_back("finished"); });
        loop.run();
    }
};

}  // namespace

TEST_CASE("phases run in the order in which they were added, and each is logged") {
    Shutdown test;
    for (const char* name : {"stop_accepting", "drain", "flush"}) test.add_quick(name);
    test.run();
    CHECK(test.order == std::vector<std::string>{"stop_accepting", "drain", "flush", "finished"});
    CHECK(test.captured.has("level=info node=edge-1 event=shutdown_phase name=drain took_ms="));
    CHECK(test.captured.has("outcome=done"));
    CHECK_FALSE(test.captured.has("level=warn"));
}

TEST_CASE("a phase begins only after the one before has said that it is done, from whatever thread") {
    Shutdown test;
    std::jthread worker;
    test.shutdown->add("drain", [&](PhasedShutdown::Done done, PhasedShutdown::Clock::time_point) {
        worker = std::jthread([done = std::move(done), &test] {
            boost::asio::post(test.loop, [&test] { test.order.emplace_back("drained"); });
            done();
        });
    });
    test.add_quick("flush");
    test.run();
    CHECK(test.order == std::vector<std::string>{"drained", "flush", "finished"});
}

TEST_CASE("a phase that is not done at its deadline is left behind with a warning") {
    Shutdown test;
    PhasedShutdown::Done late;
    test.shutdown->add(
        "stuck",
        [&](PhasedShutdown::Done done, PhasedShutdown::Clock::time_point) { late = std::move(done); }, 0ms);
    test.shutdown->add("next", [&](const PhasedShutdown::Done& done, PhasedShutdown::Clock::time_point) {
        test.order.emplace_back("next");
        late();  // must not count for this phase
        boost::asio::post(test.loop, [&test, done] {
            boost::asio::post(test.loop, [&test, done] {
                test.order.emplace_back("next is done");
                done();
            });
        });
    });
    test.run();
    CHECK(test.order == std::vector<std::string>{"next", "next is done", "finished"});
    CHECK(test.captured.has("level=warn node=edge-1 event=shutdown_phase name=stuck took_ms="));
    CHECK(test.captured.has("outcome=deadline"));
}

TEST_CASE("a phase is told its deadline") {
    Shutdown test;
    PhasedShutdown::Clock::time_point told;
    const auto before = PhasedShutdown::Clock::now();
    test.shutdown->add("drain",
                       [&](const PhasedShutdown::Done& done, PhasedShutdown::Clock::time_point deadline) {
                           told = deadline;
                           done();
                       });
    test.run();
    CHECK(told >= before + std::chrono::milliseconds(limits::drain_phase_ms));
    CHECK(told <= PhasedShutdown::Clock::now() + std::chrono::milliseconds(limits::drain_phase_ms));
}

TEST_CASE("a phase that is done twice does not end the next one") {
    Shutdown test;
    test.shutdown->add("drain", [](const PhasedShutdown::Done& done, PhasedShutdown::Clock::time_point) {
        done();
        done();
    });
    PhasedShutdown::Done keep;
    test.shutdown->add(
        "flush",
        [&](PhasedShutdown::Done done, PhasedShutdown::Clock::time_point) { keep = std::move(done); }, 0ms);
    test.run();
    CHECK(test.captured.has("name=flush took_ms=0 outcome=deadline"));
    CHECK(test.order == std::vector<std::string>{"finished"});
}

TEST_CASE("a phase that throws does not keep the others from running") {
    Shutdown test;
    test.shutdown->add("broken", [](const PhasedShutdown::Done&, PhasedShutdown::Clock::time_point) {
        throw std::runtime_error("no");
    });
    test.add_quick("flush");
    test.run();
    CHECK(test.order == std::vector<std::string>{"flush", "finished"});
    CHECK(test.captured.has("level=error node=edge-1 event=shutdown_phase_failed name=broken why=no"));
}

TEST_CASE("a shutdown without phases finishes, and is begun only once") {
    Shutdown test;
    test.shutdown->start([&] { test.order.emplace_back("first"); });
    test.run();
    CHECK(test.order == std::vector<std::string>{"first"});
}

TEST_CASE("done may come after the shutdown is gone, and finished may destroy it") {
    Shutdown test;
    PhasedShutdown::Done late;
    test.shutdown->add(
        "stuck",
        [&](PhasedShutdown::Done done, PhasedShutdown::Clock::time_point) { late = std::move(done); }, 0ms);
    test.shutdown->start([&] { test.shutdown.reset(); });
    test.loop.run();
    late();
    test.loop.restart();
    test.loop.run();
    CHECK(test.shutdown == nullptr);
}

}  // namespace roomcast::ops
