#include "shared/ops/settings_parser.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "shared/core/limits.hpp"
#include "shared/core/time.hpp"

namespace roomcast::ops {
namespace {

constexpr std::int64_t most_port = 65'535;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t most_rate = 10'000'000;

/// Variables of our scripts and tests, which a program that they start may find in its environment.
constexpr std::array<std::string_view, 3> script_variables = {"ROOMCAST_BUILD", "ROOMCAST_MODE",
                                                              "ROOMCAST_PREFIX"};

/// Variables that the Kafka images, the broker's scripts and ours use; not properties of a client.
constexpr std::array<std::string_view, 6> no_kafka_properties = {
    "KAFKA_BROKERS", "KAFKA_IMAGE", "KAFKA_HEAP_OPTS", "KAFKA_HOME", "KAFKA_OPTS", "KAFKA_LOG4J_OPTS"};

void describe(OptionTable& table, LogSettings& log) {
    table.choice("--log-level", log.level, {"trace", "debug", "info", "warn", "error"},
                 "least level that is logged");
    table.choice("--log-format", log.format, {"logfmt", "json"}, "of the lines on stderr");
}

void describe(OptionTable& table, KafkaSettings& kafka) {
    table.text("--brokers", kafka.brokers, "Kafka bootstrap servers, host:port,...");
    table.also_from("--brokers", "KAFKA_BROKERS");
    table.add("--topic-prefix", "TEXT", kafka.topic_prefix, "of the names of all our topics",
              [&kafka](const std::string& text) -> std::optional<std::string> {
                  auto prefix = NodeId::parse(text);  // the same letters as a topic's name
                  if (!prefix) return "1 to 64 letters, digits, '.', '_' or '-', a letter or digit first";
                  kafka.topic_prefix = text;
                  return std::nullopt;
              });
    table.number("--replication-factor", kafka.replication_factor, 1, 100, "of topics that are created");
    table.number("--min-insync-replicas", kafka.min_insync_replicas, 1, 100, "of topics that are created");
    table.number("--retention-ms", kafka.retention_ms, 1'000, 3'650 * day_ms, "of rooms that set none");
    table.number("--linger-ms", kafka.linger_ms, 0, 1'000, "how long the producer collects a batch");
}

void describe(OptionTable& table, LinkTlsSettings& tls) {
    table.text("--link-ca", tls.ca, "PEM file: who signs the certificates of edges and workers");
    table.text("--link-cert", tls.cert, "PEM file: this node's certificate for the link");
    table.text("--link-key", tls.key, "PEM file: its key");
}

void describe_local(OptionTable& table, bool& local, std::string& data_dir) {
    table.bare("--local", local, "with the embedded log instead of Kafka");
    table.text("--data-dir", data_dir, "where the embedded log is");
}

void describe_ops(OptionTable& table, std::string& address, std::uint16_t& port, bool& health_check) {
    table.address("--metrics-listen", address, "address of /metrics, /healthz and /readyz");
    table.number("--metrics-port", port, 0, most_port, "their port; 0: any that is free");
    table.bare(
        "--health-check", health_check,
        "ask the /readyz of the one that runs here with the same settings, and end: 0 when it is ready");
}

void describe(OptionTable& table, TokenSettings& tokens) {
    table.optional_text("--jwt-keys-file", tokens.keys_file,
                        "JSON file with keys by kid, and which one signs; read again on SIGHUP");
    table.optional_text("--jwt-jwks-file", tokens.jwks_file,
                        "public keys of an outside issuer whose tokens are good here; likewise");
    table.optional_text("--jwt-issuer", tokens.outside_issuer, "its `iss`");
    table.optional_text("--jwt-audience", tokens.outside_audience, "the `aud` its tokens have for us");
    table.text("--jwt-user-claim", tokens.outside_user_claim, "the claim of its tokens that names the user");
}

void describe(OptionTable& table, RateSettings& rates) {
    table.number("--session-rate", rates.session_messages, 0, most_rate,
                 "messages a second of one session; 0: no limit");
    table.number("--user-rate", rates.user_messages, 0, most_rate, "the same of one user at this edge");
    table.number("--address-rate", rates.address_messages, 0, most_rate, "the same of one address");
    table.number("--room-rate", rates.room_messages, 0, most_rate, "the same to one room from this edge");
    table.number("--request-rate", rates.address_requests, 0, most_rate,
                 "HTTP API requests a second of one address");
}

OptionTable describe(EdgeSettings& edge) {
    OptionTable table("roomcast-edge", "Serves rooms to WebSocket clients, the HTTP API and the web client.");
    table.node("--node", edge.node, "this edge's id; %h in it: the host's name");
    describe_local(table, edge.local, edge.data_dir);
    table.address("--listen", edge.listen, "address for clients");
    table.number("--port", edge.port, 0, most_port, "port for clients; 0: any that is free");
    table.on_off("--tls", edge.tls, "whether clients speak TLS");
    table.text("--tls-cert", edge.tls_cert, "PEM file: certificate chain for clients");
    table.text("--tls-key", edge.tls_key, "PEM file: its key");
    table.text("--jwt-secret-file", edge.jwt_secret_file,
               "file with the secret that signs tokens, the same on all edges");
    table.number("--token-ttl-s", edge.token_ttl_s, 1, limits::token_ttl_s, "how long a token is good");
    table.text("--web-dir", edge.web_dir, "directory of the web client");
    table.number("--shards", edge.shards, 0, 256, "loops with connections; 0: one a core, on two cores one");
    table.number("--coalesce-us", edge.coalesce_us, 0, 100'000,
                 "how long a busy shard keeps a busy connection's bytes to send more at once; 0: not at all");
    table.on_off("--io-uring", edge.io_uring,
                 "whether small sends to many clients share a system call, where the kernel can");
    table.number("--compress-from", edge.compress_from, 0, limits::outbox_reply_bytes,
                 "bytes from which on a message is compressed for clients that can; 0: never");
    table.optional_text("--allowed-origins", edge.allowed_origins,
                        "web origins that may connect besides our own, comma separated");
    table.optional_text("--trusted-proxies", edge.trusted_proxies,
                        "addresses and ranges whose X-Forwarded-For is believed, comma separated");
    describe(table, edge.tokens);
    describe(table, edge.rates);
    table.number("--bcrypt-cost", edge.bcrypt_cost, limits::bcrypt_cost_least, limits::bcrypt_cost_most,
                 "of new passwords: each step doubles the time");
    table.number("--hash-threads", edge.hash_threads, 1, limits::hash_threads_most, "threads for passwords");
    table.on_off("--guests", edge.guests, "whether a nick without an account will do");
    table.on_off("--registration", edge.registration, "whether anybody may register");
    table.on_off("--rooms-by-join", edge.rooms_by_join, "whether joining a room that is not there makes it");
    table.on_off("--guests-create", edge.guests_create, "whether guests may make rooms");
    table.optional_text("--ice-servers", edge.ice_servers,
                        "STUN and TURN URLs for files from browser to browser, comma separated");
    describe_ops(table, edge.ops_listen, edge.ops_port, edge.health_check);
    describe(table, edge.kafka);
    describe(table, edge.link_tls);
    describe(table, edge.log);
    return table;
}

OptionTable describe(WorkerSettings& worker) {
    OptionTable table("roomcast-worker",
                      "Owns a share of the rooms: reads their topics once and fans out to the edges.");
    table.node("--node", worker.node, "this worker's id; %h in it: the host's name");
    table.address("--link-listen", worker.link_listen, "address for edges");
    table.number("--link-port", worker.link_port, 0, most_port, "port for edges; 0: any that is free");
    table.host("--link-advertise", worker.link_advertise,
               "the host that edges connect to; %h: this one's name");
    table.number("--session-timeout-ms", worker.session_timeout_ms, 1000, 1'800'000,
                 "of the workers' Kafka group");
    describe_ops(table, worker.ops_listen, worker.ops_port, worker.health_check);
    describe(table, worker.kafka);
    describe(table, worker.link_tls);
    describe(table, worker.log);
    return table;
}

OptionTable describe(ProduceSettings& produce) {
    OptionTable table("roomcast-produce",
                      "Writes messages into rooms: NDJSON from stdin, one message a line.");
    describe_local(table, produce.local, produce.data_dir);
    table.on_off("--create-rooms", produce.create_rooms, "whether rooms that are missing are created");
    table.on_off("--progress", produce.progress, "whether to show progress, on a terminal");
    describe(table, produce.kafka);
    describe(table, produce.log);
    return table;
}

OptionTable describe(ReplaySettings& replay) {
    OptionTable table("roomcast-replay", "Prints a room's messages as NDJSON, from its log.");
    table.positional("ROOM", "the room's slug",
                     [&replay](const std::string& text) -> std::optional<std::string> {
                         if (!RoomSlug::parse(text)) return "a room's slug";
                         replay.room = text;
                         return std::nullopt;
                     });
    describe_local(table, replay.local, replay.data_dir);
    table.number("--from-seq", replay.from_seq, "first message");
    table.number("--to-seq", replay.to_seq, "last message");
    const auto time = [&table](const char* flag, std::string& target, const char* help) {
        table.add(flag, "TIME", "", help, [&target](const std::string& text) -> std::optional<std::string> {
            if (!parse_rfc3339(text)) return "a time such as 2026-11-21T10:00:00Z";
            target = text;
            return std::nullopt;
        });
    };
    time("--from-time", replay.from_time, "messages from this time on");
    time("--to-time", replay.to_time, "messages up to this time");
    table.bare("--follow", replay.follow, "go on with new messages");
    describe(table, replay.kafka);
    describe(table, replay.log);
    return table;
}

template <class Settings>
void add_variables(std::vector<std::string>& names) {
    Settings settings;
    const auto more = describe(settings).variables();
    names.insert(names.end(), more.begin(), more.end());
}

/// A misspelt variable would else be passed over in silence.
std::optional<std::string> unknown_variable(const Environment& environment) {
    std::vector<std::string> known(script_variables.begin(), script_variables.end());
    add_variables<EdgeSettings>(known);
    add_variables<WorkerSettings>(known);
    add_variables<ProduceSettings>(known);
    add_variables<ReplaySettings>(known);
    for (const auto& [name, value] : environment)
        if (name.starts_with("ROOMCAST_") && std::find(known.begin(), known.end(), name) == known.end())
            return name;
    return std::nullopt;
}

/// The first line of a file that holds a secret.
std::optional<std::string> secret_in(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line) || line.empty()) return std::nullopt;
    return line;
}

/// Answers what is wrong. `KAFKA_X_FILE` is `KAFKA_X` from a file: what is in the environment is easily seen
/// by others.
std::optional<std::string> kafka_properties(const Environment& environment,
                                            std::map<std::string, std::string>& properties) {
    constexpr std::string_view prefix = "KAFKA_";
    constexpr std::string_view file_suffix = "_FILE";
    for (const auto& [name, value] : environment) {
        if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
        if (std::find(no_kafka_properties.begin(), no_kafka_properties.end(), name) !=
            no_kafka_properties.end())
            continue;
        std::string property = name.substr(prefix.size());
        std::string content = value;
        if (property.size() > file_suffix.size() && property.ends_with(file_suffix)) {
            auto secret = secret_in(value);
            if (!secret) return name + " must be a file with a line in it, not '" + value + "'";
            content = std::move(*secret);
            property.resize(property.size() - file_suffix.size());
        }
        for (char& c : property)
            c = c == '_' ? '.' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        properties.insert_or_assign(std::move(property), std::move(content));
    }
    return std::nullopt;
}

/// What is wrong with values that are each right by themselves.
std::optional<std::string> contradiction(const KafkaSettings& kafka) {
    if (kafka.min_insync_replicas <= kafka.replication_factor) return std::nullopt;
    return "--min-insync-replicas must not be above --replication-factor";
}

template <class Settings>
std::optional<std::string> contradiction(const Settings& settings) {
    return contradiction(settings.kafka);
}

template <>
std::optional<std::string> contradiction(const ReplaySettings& replay) {
    if (replay.from_seq && replay.to_seq && *replay.from_seq > *replay.to_seq)
        return "--from-seq must not be above --to-seq";
    if (!replay.from_time.empty() && !replay.to_time.empty() &&
        parse_rfc3339(replay.from_time) > parse_rfc3339(replay.to_time))
        return "--from-time must not be after --to-time";
    return contradiction(replay.kafka);
}

template <class Settings>
ParseOutcome<Settings> parse(int argc, const char* const* argv, const Environment& environment) {
    Settings settings;
    const OptionTable table = describe(settings);
    auto failure = table.parse(argc, argv, environment);
    if (!failure) {
        if (const auto name = unknown_variable(environment))
            failure = table.failure("the environment variable " + *name + " is unknown");
        else if (const auto wrong = contradiction(settings))
            failure = table.failure(*wrong);
        else if (const auto unread = kafka_properties(environment, settings.kafka.properties))
            failure = table.failure(*unread);
    }
    if (failure) return {std::nullopt, failure->exit_code, std::move(failure->text)};
    return {std::move(settings), 0, {}};
}

}  // namespace

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

ParseOutcome<EdgeSettings> parse_edge_settings(int argc, const char* const* argv,
                                               const Environment& environment) {
    return parse<EdgeSettings>(argc, argv, environment);
}
ParseOutcome<WorkerSettings> parse_worker_settings(int argc, const char* const* argv,
                                                   const Environment& environment) {
    return parse<WorkerSettings>(argc, argv, environment);
}
ParseOutcome<ProduceSettings> parse_produce_settings(int argc, const char* const* argv,
                                                     const Environment& environment) {
    return parse<ProduceSettings>(argc, argv, environment);
}
ParseOutcome<ReplaySettings> parse_replay_settings(int argc, const char* const* argv,
                                                   const Environment& environment) {
    return parse<ReplaySettings>(argc, argv, environment);
}

}  // namespace roomcast::ops
