#include "shared/channel/kafka/waker.hpp"
#include "tests/channel/kafka_fixture.hpp"

namespace roomcast::channel::kafka_test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

TEST_CASE("kafka: a wakeup that is asked for while others are put off does not wait for those") {
    boost::asio::io_context io;
    kafka::Waker waker(io, config_for(shared_prefix()));
    waker.wake({0});
    REQUIRE(test::pump_until(io, [&] { return waker.due() > Clock::now() + milliseconds(200); }));
    waker.wake({1});
    CHECK(waker.due() < Clock::now() + milliseconds(20));
}

TEST_CASE("kafka: wakeups that are asked for all the time keep a distance") {
    boost::asio::io_context io;
    kafka::Waker waker(io, config_for(shared_prefix()));
    waker.wake({0});
    auto before = waker.due();
    for (int i = 0; i < 3; ++i) {
        REQUIRE(test::pump_until(io, [&] { return waker.due() > before; }));
        waker.wake({0});
        waker.wake({0});
        CHECK(waker.due() >= before + milliseconds(10));
        CHECK(waker.due() < Clock::now() + milliseconds(20));
        before = waker.due();
    }
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
