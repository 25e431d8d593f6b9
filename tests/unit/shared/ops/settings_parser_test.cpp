#include "shared/ops/settings_parser.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

namespace roomcast::ops {
namespace {

using Args = std::vector<const char*>;

template <class Parse>
auto run(Parse parse, const char* program, Args args, const Environment& environment) {
    args.insert(args.begin(), program);
    return parse(static_cast<int>(args.size()), args.data(), environment);
}

auto edge(Args args, const Environment& environment = {}) {
    return run(parse_edge_settings, "roomcast-edge", std::move(args), environment);
}
auto worker(Args args, const Environment& environment = {}) {
    return run(parse_worker_settings, "roomcast-worker", std::move(args), environment);
}
auto produce(Args args, const Environment& environment = {}) {
    return run(parse_produce_settings, "roomcast-produce", std::move(args), environment);
}
auto replay(Args args, const Environment& environment = {}) {
    return run(parse_replay_settings, "roomcast-replay", std::move(args), environment);
}

/// The line with which it was refused, checked for its form; empty when it was not.
template <class Outcome>
std::string refusal(const Outcome& outcome) {
    if (outcome.settings) return {};
    CHECK(outcome.exit_code == 2);
    CHECK(std::count(outcome.text.begin(), outcome.text.end(), '\n') == 1);
    CHECK(outcome.text.ends_with("\n"));
    CHECK(outcome.text.starts_with("roomcast-"));
    return outcome.text;
}

bool refused_with(const std::string& text, std::string_view piece) { return text.find(piece) != text.npos; }

}  // namespace

TEST_CASE("without flags and environment the settings are the defaults") {
    const auto outcome = edge({});
    REQUIRE(outcome.settings);
    CHECK(outcome.settings->node.str() == "edge-1");
    CHECK(outcome.settings->port == 8443);
    CHECK(outcome.settings->tls);
    CHECK_FALSE(outcome.settings->local);
    CHECK(outcome.settings->kafka.brokers == "127.0.0.1:9092");
    CHECK(outcome.settings->kafka.properties.empty());
    CHECK(worker({}).settings->link_port == 9443);
    CHECK(produce({}).settings->create_rooms);
    CHECK(replay({"general"}).settings->room == "general");
}

TEST_CASE("every setting of an edge can be given as a flag") {
    const auto outcome = edge({"--node",
                               "edge-9",
                               "--local",
                               "--data-dir",
                               "/d",
                               "--listen",
                               "::1",
                               "--port=1",
                               "--tls",
                               "off",
                               "--tls-cert",
                               "c",
                               "--tls-key",
                               "k",
                               "--jwt-secret-file",
                               "j",
                               "--token-ttl-s",
                               "60",
                               "--web-dir",
                               "w",
                               "--shards",
                               "3",
                               "--allowed-origins",
                               "https://a,https://b",
                               "--metrics-listen",
                               "0.0.0.0",
                               "--metrics-port",
                               "0",
                               "--brokers",
                               "b:1",
                               "--topic-prefix",
                               "p",
                               "--replication-factor",
                               "3",
                               "--min-insync-replicas",
                               "2",
                               "--retention-ms",
                               "5000",
                               "--linger-ms",
                               "1",
                               "--link-ca",
                               "lca",
                               "--link-cert",
                               "lce",
                               "--link-key",
                               "lk",
                               "--log-level",
                               "debug",
                               "--log-format",
                               "json"});
    REQUIRE(refusal(outcome).empty());
    const auto& s = *outcome.settings;
    CHECK(s.node.str() == "edge-9");
    CHECK(s.local);
    CHECK(s.data_dir == "/d");
    CHECK(s.listen == "::1");
    CHECK(s.port == 1);
    CHECK_FALSE(s.tls);
    CHECK(s.tls_cert + s.tls_key + s.jwt_secret_file + s.web_dir == "ckjw");
    CHECK(s.token_ttl_s == 60);
    CHECK(s.shards == 3);
    CHECK(s.allowed_origins == "https://a,https://b");
    CHECK(s.ops_listen == "0.0.0.0");
    CHECK(s.ops_port == 0);
    CHECK(s.kafka.brokers == "b:1");
    CHECK(s.kafka.topic_prefix == "p");
    CHECK(s.kafka.replication_factor == 3);
    CHECK(s.kafka.min_insync_replicas == 2);
    CHECK(s.kafka.retention_ms == 5000);
    CHECK(s.kafka.linger_ms == 1);
    CHECK(s.link_tls.ca + s.link_tls.cert + s.link_tls.key == "lcalcelk");
    CHECK(s.log.level == "debug");
    CHECK(s.log.format == "json");
}

TEST_CASE("every setting of the other programs can be given as a flag") {
    const auto w = worker({"--node", "w2", "--link-listen", "127.0.0.1", "--link-port", "7",
                           "--link-advertise", "host", "--session-timeout-ms", "10000"});
    REQUIRE(refusal(w).empty());
    CHECK(w.settings->node.str() == "w2");
    CHECK(w.settings->link_listen == "127.0.0.1");
    CHECK(w.settings->link_port == 7);
    CHECK(w.settings->link_advertise == "host");
    CHECK(w.settings->session_timeout_ms == 10000);

    const auto p = produce({"--local", "--data-dir", "d", "--create-rooms", "off", "--progress", "off"});
    REQUIRE(refusal(p).empty());
    CHECK(p.settings->local);
    CHECK_FALSE(p.settings->create_rooms);
    CHECK_FALSE(p.settings->progress);

    const auto r = replay({"--local", "general", "--follow", "--from-seq", "0", "--to-seq", "9",
                           "--from-time", "2026-01-01T00:00:00Z", "--to-time", "2026-01-02T00:00:00+01:00"});
    REQUIRE(refusal(r).empty());
    CHECK(r.settings->room == "general");
    CHECK(r.settings->local);
    CHECK(r.settings->follow);
    CHECK(r.settings->from_seq == 0);
    CHECK(r.settings->to_seq == 9);
    CHECK(r.settings->from_time == "2026-01-01T00:00:00Z");
    CHECK(r.settings->to_time == "2026-01-02T00:00:00+01:00");
    CHECK_FALSE(replay({"general"}).settings->from_seq.has_value());
}

TEST_CASE(
    "the environment goes before the defaults, a flag before the environment, and a later flag before an "
    "earlier") {
    const Environment environment = {
        {"ROOMCAST_PORT", "7000"}, {"ROOMCAST_TLS", "off"}, {"ROOMCAST_LOCAL", "on"}, {"HOME", "/x"}};
    auto outcome = edge({}, environment);
    REQUIRE(refusal(outcome).empty());
    CHECK(outcome.settings->port == 7000);
    CHECK_FALSE(outcome.settings->tls);
    CHECK(outcome.settings->local);
    outcome = edge({"--port", "7001", "--tls", "on"}, environment);
    CHECK(outcome.settings->port == 7001);
    CHECK(outcome.settings->tls);
    CHECK_FALSE(edge({}, {{"ROOMCAST_LOCAL", "off"}}).settings->local);
    CHECK_FALSE(edge({"--local=off"}, environment).settings->local);
    CHECK(edge({"--local=on"}).settings->local);
    CHECK(edge({"--port", "1", "--port", "2"}).settings->port == 2);
}

TEST_CASE("the process's own environment is not looked at behind the parameter's back") {
    ::setenv("ROOMCAST_PORT", "1234", 1);
    CHECK(edge({}).settings->port == 8443);
    CHECK(process_environment().at("ROOMCAST_PORT") == "1234");
    ::unsetenv("ROOMCAST_PORT");
    CHECK(process_environment().count("ROOMCAST_PORT") == 0);
}

TEST_CASE("brokers come from --brokers, ROOMCAST_BROKERS or KAFKA_BROKERS, in this order") {
    CHECK(edge({}, {{"KAFKA_BROKERS", "k:1"}}).settings->kafka.brokers == "k:1");
    CHECK(edge({}, {{"KAFKA_BROKERS", "k:1"}, {"ROOMCAST_BROKERS", "r:1"}}).settings->kafka.brokers == "r:1");
    CHECK(edge({"--brokers", "f:1"}, {{"KAFKA_BROKERS", "k:1"}, {"ROOMCAST_BROKERS", "r:1"}})
              .settings->kafka.brokers == "f:1");
}

TEST_CASE("%h in a node's id and in a worker's host is the name of the machine") {
    std::array<char, 256> name{};
    REQUIRE(gethostname(name.data(), name.size() - 1) == 0);
    const std::string host = name.data();
    CHECK(edge({}, {{"ROOMCAST_NODE", "edge-%h"}}).settings->node.str() == "edge-" + host);
    CHECK(worker({"--node", "%h", "--link-advertise", "%h"}).settings->node.str() == host);
    CHECK(worker({"--link-advertise", "%h"}).settings->link_advertise == host);
    CHECK(refused_with(refusal(edge({"--node", "edge/%h"})), "--node must be"));
}

TEST_CASE("a KAFKA_ variable that ends in _FILE names a file with the property's value") {
    const auto file =
        std::filesystem::temp_directory_path() / ("roomcast-secret-" + std::to_string(getpid()));
    std::ofstream(file) << "s3cret\nmore\n";
    const auto outcome = edge({}, {{"KAFKA_SASL_PASSWORD_FILE", file.string()}});
    REQUIRE(outcome.settings);
    CHECK(outcome.settings->kafka.properties ==
          std::map<std::string, std::string>{{"sasl.password", "s3cret"}});
    std::filesystem::remove(file);
    const auto refused = refusal(edge({}, {{"KAFKA_SASL_PASSWORD_FILE", file.string()}}));
    CHECK(refused_with(refused, "KAFKA_SASL_PASSWORD_FILE must be a file with a line in it"));
}

TEST_CASE("other KAFKA_ variables become librdkafka properties, but those of the Kafka images do not") {
    const auto outcome = worker({}, {{"KAFKA_SASL_MECHANISM", "SCRAM-SHA-256"},
                                     {"KAFKA_SSL_CA_LOCATION", "/ca"},
                                     {"KAFKA_BROKERS", "b:1"},
                                     {"KAFKA_IMAGE", "x"},
                                     {"KAFKA_HEAP_OPTS", "x"},
                                     {"KAFKA_HOME", "x"},
                                     {"KAFKA_OPTS", "x"},
                                     {"KAFKA_LOG4J_OPTS", "x"},
                                     {"KAFKA", "x"},
                                     {"KAFKA_", "x"}});
    REQUIRE(refusal(outcome).empty());
    const std::map<std::string, std::string> expected = {{"sasl.mechanism", "SCRAM-SHA-256"},
                                                         {"ssl.ca.location", "/ca"}};
    CHECK(outcome.settings->kafka.properties == expected);
}

TEST_CASE("an unknown flag or argument is refused") {
    CHECK(refused_with(refusal(edge({"--prot", "1"})), "--prot"));
    CHECK(refused_with(refusal(edge({"stray"})), "stray"));
    CHECK(refused_with(refusal(worker({"--shards", "1"})), "--shards"));
    CHECK(refused_with(refusal(replay({"a", "b"})), "b"));
    CHECK(refused_with(refusal(edge({"--no\nsuch"})), "--no such"));
}

TEST_CASE("an unknown ROOMCAST_ variable is refused, but one of another program or of a script is not") {
    CHECK(refused_with(refusal(edge({}, {{"ROOMCAST_PROT", "1"}})), "ROOMCAST_PROT"));
    CHECK(refused_with(refusal(produce({}, {{"ROOMCAST_", "1"}})), "ROOMCAST_"));
    CHECK(edge({}, {{"ROOMCAST_FOLLOW", "on"}, {"ROOMCAST_PREFIX", "/x"}, {"ROOMCAST_MODE", "x"}}).settings);
    CHECK(edge({}, {{"ROOMCAST_LINK_PORT", "another program's business"}}).settings);
}

TEST_CASE("a wrong value is refused with its flag or variable, and with what it may be") {
    CHECK(refusal(edge({"--port", "abc"})) ==
          "roomcast-edge: --port must be a number from 0 to 65535, not 'abc' (--help lists what there is)\n");
    CHECK(refused_with(refusal(edge({}, {{"ROOMCAST_PORT", "65536"}})),
                       "ROOMCAST_PORT must be a number from 0 to 65535, not '65536'"));
    CHECK(refused_with(refusal(edge({"--tls", "yes"})), "--tls must be on or off, not 'yes'"));
    CHECK(refused_with(refusal(edge({}, {{"ROOMCAST_LOCAL", "true"}})), "ROOMCAST_LOCAL must be on or off"));
    CHECK(refused_with(refusal(edge({"--log-level", "loud"})), "one of trace|debug|info|warn|error"));
    CHECK(refused_with(refusal(edge({"--listen", "localhost"})), "a numeric IP address"));
    CHECK(refused_with(refusal(edge({"--node", "a b"})), "--node must be"));
    CHECK(refused_with(refusal(edge({"--topic-prefix", "a/b"})), "--topic-prefix must be"));
    CHECK(refused_with(refusal(replay({"Not A Slug"})), "ROOM must be a room's slug"));
    CHECK(refused_with(refusal(replay({})), "ROOM is missing"));
    CHECK(refused_with(refusal(replay({"a", "--from-time", "today"})), "--from-time must be a time such as"));
    CHECK(refused_with(refusal(edge({"--port"})), "--port"));
    CHECK(refused_with(refusal(edge({"--local=yes"})), "--local must be on or off, not 'yes'"));
    CHECK(refused_with(refusal(edge({"--local="})), "roomcast-edge: "));
}

TEST_CASE("numbers are checked to the ends of their ranges") {
    for (const char* good : {"0", "65535"}) CHECK(edge({"--port", good}).settings);
    for (const char* bad : {"-1", "65536", "", " 1", "1 ", "1.5", "0x1", "+1", "99999999999999999999"})
        CHECK_FALSE(edge({"--port", bad}).settings);
    for (const char* good : {"0", "256"}) CHECK(edge({"--shards", good}).settings);
    for (const char* bad : {"-1", "257"}) CHECK_FALSE(edge({"--shards", bad}).settings);
    // No longer than a token can be taken back.
    for (const char* good : {"1", "604800"}) CHECK(edge({"--token-ttl-s", good}).settings);
    for (const char* bad : {"0", "604801"}) CHECK_FALSE(edge({"--token-ttl-s", bad}).settings);
    CHECK_FALSE(edge({"--retention-ms", "0"}).settings);
    CHECK_FALSE(edge({"--linger-ms", "1001"}).settings);
    CHECK_FALSE(replay({"a", "--from-seq", "-1"}).settings);
}

TEST_CASE("an empty value after the equals sign is that flag's value, and does not swallow the next flag") {
    const auto outcome =
        edge({"--allowed-origins=", "--port", "5"}, {{"ROOMCAST_ALLOWED_ORIGINS", "https://a"}});
    REQUIRE(refusal(outcome).empty());
    CHECK(outcome.settings->allowed_origins.empty());
    CHECK(outcome.settings->port == 5);
    CHECK(refused_with(refusal(edge({"--web-dir=", "--port", "5"})),
                       "--web-dir must be a text that is not empty"));
}

TEST_CASE("settings that contradict each other are refused") {
    CHECK(refused_with(refusal(edge({"--min-insync-replicas", "2"})),
                       "--min-insync-replicas must not be above"));
    CHECK(refused_with(refusal(replay({"a", "--from-seq", "2", "--to-seq", "1"})),
                       "--from-seq must not be above"));
    CHECK(replay({"a", "--from-seq", "2", "--to-seq", "2"}).settings);
    CHECK(refused_with(
        refusal(replay({"a", "--from-time", "2026-01-02T00:00:00Z", "--to-time", "2026-01-01T00:00:00Z"})),
        "--from-time must not be after"));
}

TEST_CASE("--help lists every flag with its variable and default, and exits with 0") {
    const auto outcome = edge({"--help"}, {{"ROOMCAST_PORT", "wrong"}});
    CHECK_FALSE(outcome.settings);
    CHECK(outcome.exit_code == 0);
    for (const char* piece :
         {"--port", "ROOMCAST_PORT", "8443", "--tls", "ROOMCAST_TLS", "--local", "ROOMCAST_LOCAL",
          "--log-format", "KAFKA_BROKERS", "certs/out/server.pem", "KAFKA_SASL_MECHANISM"})
        CHECK(refused_with(outcome.text, piece));
    CHECK(replay({"-h"}).exit_code == 0);
    CHECK(refused_with(replay({"-h"}).text, "ROOM"));
}

}  // namespace roomcast::ops
