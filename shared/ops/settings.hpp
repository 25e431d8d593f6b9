#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "shared/core/ids.hpp"

/// What the programs are told from outside: flags first, then ROOMCAST_* environment variables, then the
/// defaults written here. Plain values, filled once at start by settings_parser.hpp and never changed.
namespace roomcast::ops {

struct LogSettings {
    std::string level = "info";     // trace, debug, info, warn, error
    std::string format = "logfmt";  // logfmt or json
};

struct KafkaSettings {
    std::string brokers = "127.0.0.1:9092";         // --brokers, KAFKA_BROKERS
    std::string topic_prefix = "roomcast";          // --topic-prefix
    int replication_factor = 1;                     // --replication-factor
    int min_insync_replicas = 1;                    // --min-insync-replicas
    std::int64_t retention_ms = 7 * 86'400'000LL;   // --retention-ms, of rooms that set none
    int linger_ms = 0;                              // --linger-ms
    std::map<std::string, std::string> properties;  // KAFKA_* as librdkafka properties
};

/// A second; 0: no limit. Past it: `rate_limited`.
struct RateSettings {
    int session_messages = 200;    // --session-rate
    int user_messages = 400;       // --user-rate
    int address_messages = 4'000;  // --address-rate
    int room_messages = 4'000;     // --room-rate
    int address_requests = 200;    // --request-rate, HTTP but the web client's files
};

/// Which keys tokens are signed and verified with, beside --jwt-secret-file.
struct TokenSettings {
    std::string keys_file;                   // --jwt-keys-file
    std::string jwks_file;                   // --jwt-jwks-file, of an outside issuer
    std::string outside_issuer;              // --jwt-issuer
    std::string outside_audience;            // --jwt-audience
    std::string outside_user_claim = "sub";  // --jwt-user-claim
};

struct LinkTlsSettings {
    std::string ca = "certs/out/link-ca.pem";  // --link-ca
    std::string cert = "certs/out/link.pem";   // --link-cert
    std::string key = "certs/out/link.key";    // --link-key
};

struct EdgeSettings {
    NodeId node = NodeId::trusted("edge-1");               // --node
    bool local = false;                                    // --local: embedded log, no Kafka
    std::string data_dir = "build/local";                  // --data-dir, local mode only
    std::string listen = "0.0.0.0";                        // --listen
    std::uint16_t port = 8443;                             // --port
    bool tls = true;                                       // --tls on|off
    std::string tls_cert = "certs/out/server.pem";         // --tls-cert
    std::string tls_key = "certs/out/server.key";          // --tls-key
    std::string jwt_secret_file = "certs/out/jwt.secret";  // --jwt-secret-file
    std::int64_t token_ttl_s = 24 * 3600;                  // --token-ttl-s
    std::string web_dir = "web/client";                    // --web-dir
    int shards = 0;                                        // --shards, 0: one a core, on two cores one
    int coalesce_us = 5000;                                // --coalesce-us, 0: off
    bool io_uring = true;                                  // --io-uring on|off: many sends by one call
    int compress_from = 0;                                 // --compress-from, bytes; 0: never
    std::string allowed_origins;  // --allowed-origins, comma separated; the same origin always may
    std::string trusted_proxies;  // --trusted-proxies, comma separated addresses and ranges
    TokenSettings tokens;
    RateSettings rates;
    int bcrypt_cost = 10;       // --bcrypt-cost
    int hash_threads = 1;       // --hash-threads, for bcrypt
    bool guests = true;         // --guests on|off: tokens without an account
    bool registration = true;   // --registration on|off
    bool rooms_by_join = true;  // --rooms-by-join on|off: joining a room that is not there makes it
    bool guests_create = true;  // --guests-create on|off: guests may make rooms
    std::string ice_servers;    // --ice-servers, comma separated STUN and TURN URLs for the client
    std::string ops_listen = "127.0.0.1";  // --metrics-listen
    std::uint16_t ops_port = 9101;         // --metrics-port
    bool health_check = false;             // --health-check: ask the one that runs here, and end
    KafkaSettings kafka;
    LinkTlsSettings link_tls;
    LogSettings log;
};

struct WorkerSettings {
    NodeId node = NodeId::trusted("worker-1");  // --node
    std::string link_listen = "0.0.0.0";        // --link-listen
    std::uint16_t link_port = 9443;             // --link-port
    std::string link_advertise = "127.0.0.1";   // --link-advertise: the host that edges connect to
    int session_timeout_ms = 6000;              // --session-timeout-ms, of the workers' Kafka group
    std::string ops_listen = "127.0.0.1";       // --metrics-listen
    std::uint16_t ops_port = 9201;              // --metrics-port
    bool health_check = false;                  // --health-check
    KafkaSettings kafka;
    LinkTlsSettings link_tls;
    LogSettings log;
};

struct ProduceSettings {
    bool local = false;  // --local: into the embedded log of a stopped server
    std::string data_dir = "build/local";
    bool create_rooms = true;  // --create-rooms on|off
    bool progress = true;      // --progress on|off, only on a terminal
    KafkaSettings kafka;
    LogSettings log;
};

struct ReplaySettings {
    std::string room;    // positional ROOM
    bool local = false;  // --local
    std::string data_dir = "build/local";
    std::optional<std::int64_t> from_seq, to_seq;  // --from-seq, --to-seq (both included)
    std::string from_time, to_time;                // --from-time, --to-time, RFC 3339
    bool follow = false;                           // --follow
    KafkaSettings kafka;
    LogSettings log;
};

}  // namespace roomcast::ops
