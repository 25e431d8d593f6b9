#include "tests/channel/kafka_fixture.hpp"

namespace {

std::unique_ptr<roomcast::channel::kafka_test::KafkaFixture> make_kafka_fixture() {
    return std::make_unique<roomcast::channel::kafka_test::KafkaFixture>();
}

}  // namespace

ROOMCAST_CHANNEL_CONTRACT("kafka", make_kafka_fixture)
