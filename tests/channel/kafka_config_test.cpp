#include <array>
#include <string>

#include "shared/channel/kafka/config.hpp"
#include "shared/channel/kafka/properties.hpp"
#include "shared/channel/kafka/topics.hpp"
#include "tests/channel/kafka_fixture.hpp"

namespace roomcast::channel::kafka_test {
namespace {

kafka::KafkaConfig plain() {
    kafka::KafkaConfig config;
    config.set_brokers("127.0.0.1:9092");
    return config;
}

std::string complaint(const kafka::KafkaConfig& config) {
    const auto checked = kafka::validate(config);
    return checked ? std::string() : checked.error().detail;
}

TEST_CASE("kafka: every KAFKA_ variable becomes a librdkafka property, except those that are none") {
    const char* environment[] = {"KAFKA_BROKERS=a:1,b:2",
                                 "KAFKA_SASL_MECHANISM=PLAIN",
                                 "KAFKA_SASL_USERNAME=u=v",
                                 "KAFKA_IMAGE=apache/kafka",
                                 "KAFKA_HEAP_OPTS=-Xmx1g",
                                 "KAFKA_HOME=/opt/kafka",
                                 "KAFKA_OPTS=",
                                 "HOME=/root",
                                 "KAFKA_LINGER_MS=1",
                                 nullptr};
    kafka::KafkaConfig config;
    config.properties["linger.ms"] = "0";  // from a flag
    kafka::add_environment(config, environment);
    CHECK(config.brokers() == "a:1,b:2");
    CHECK(config.properties == std::map<std::string, std::string>{{"bootstrap.servers", "a:1,b:2"},
                                                                  {"linger.ms", "0"},
                                                                  {"sasl.mechanism", "PLAIN"},
                                                                  {"sasl.username", "u=v"}});
}

TEST_CASE("kafka: an unknown property, a wrong value and a fixed property are told at start-up") {
    CHECK(complaint(plain()).empty());
    auto unknown = plain();
    unknown.properties["no.such.thing"] = "1";
    CHECK(complaint(unknown).find("no.such.thing") != std::string::npos);
    auto wrong = plain();
    wrong.properties["socket.timeout.ms"] = "soon";
    CHECK(complaint(wrong).find("socket.timeout.ms") != std::string::npos);
    auto fixed = plain();
    fixed.properties["acks"] = "1";
    CHECK(complaint(fixed) == "Kafka property acks is fixed to all by Roomcast");
    CHECK_FALSE(complaint({}).empty());
    auto prefix = plain();
    prefix.topic_prefix = "a b";
    CHECK_FALSE(complaint(prefix).empty());
    auto replicas = plain();
    replicas.min_insync_replicas = 2;
    CHECK_FALSE(complaint(replicas).empty());
}

std::string requests_on_their_way(const kafka::KafkaConfig& config) {
    const auto conf = kafka::make_conf(config, kafka::producer_properties(config));
    REQUIRE(conf.ok());
    std::array<char, 32> value{};
    std::size_t size = value.size();
    REQUIRE(rd_kafka_conf_get(conf->get(), "max.in.flight.requests.per.connection", value.data(), &size) ==
            RD_KAFKA_CONF_OK);
    return value.data();
}

TEST_CASE("kafka: a producer has one request on its way, unless the operator wants more") {
    CHECK(requests_on_their_way(plain()) == "1");
    auto more = plain();
    more.properties["max.in.flight.requests.per.connection"] = "5";
    CHECK(requests_on_their_way(more) == "5");
}

TEST_CASE("kafka: the longest names fit Kafka's limit of 249") {
    const LogId longest{RoomSlug::trusted(std::string(64, 'r')), Epoch::trusted(std::string(32, 'e'))};
    CHECK(kafka::room_topic(std::string(100, 'p'), longest).size() <= 249);
    CHECK(kafka::room_topic("roomcast", {RoomSlug::trusted("general"), Epoch::trusted("e1")}) ==
          "roomcast.room.general.e1");
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
