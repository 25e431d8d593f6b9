#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "bench/clock.hpp"
#include "bench/guest.hpp"
#include "bench/join_run.hpp"
#include "bench/traffic.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/tls_context.hpp"

namespace {

using namespace roomcast;
using namespace roomcast::bench;
using nlohmann::json;

constexpr int exit_failed = 1;

struct Arguments {
    std::string ca;
    std::string token;
    TrafficPlan traffic;
    JoinPlan join;
    std::vector<std::string> from;
    std::vector<std::string> to;
    std::vector<std::string> held_at;
    std::vector<std::string> watched;
    Blow blow;
};

std::vector<Url> urls_of(const std::vector<std::string>& texts) {
    std::vector<Url> urls;
    urls.reserve(texts.size());
    for (const auto& text : texts) urls.push_back(parse_url(text));
    return urls;
}

/// Sends and receives; with a blow, the time without messages is what counts.
int run_traffic(net::Loop& loop, const net::TlsContext& tls, const Arguments& arguments,
                const std::string& token, const std::string& run) {
    Traffic traffic(loop, tls, arguments.traffic, token, run);
    traffic.start();
    loop.io().run();
    const json result = traffic.result();
    std::printf("%s\n", result.dump().c_str());
    const auto& latency = result["latency"];
    std::fprintf(stderr,
                 "| %s | %zu × %zu | p50 %.2f ms | p99 %.2f ms | max %.1f ms | gap %.0f ms | lost %llu, "
                 "doubled %llu |\n",
                 arguments.traffic.room_prefix.c_str(), arguments.traffic.rooms, arguments.traffic.receivers,
                 latency["p50_ms"].get<double>(), latency["p99_ms"].get<double>(),
                 latency["max_ms"].get<double>(), result["longest_gap_ms"].get<double>(),
                 result["lost"].get<unsigned long long>(), result["doubled"].get<unsigned long long>());
    return result["joined"] == result["connections"] ? 0 : exit_failed;
}

int run_joins(net::Loop& loop, const net::TlsContext& tls, const Arguments& arguments,
              const std::string& token) {
    JoinRun joins(loop, tls, arguments.join, token);
    joins.start();
    loop.io().run();
    const json result = joins.result();
    std::printf("%s\n", result.dump().c_str());
    const auto& latency = result["latency"];
    std::fprintf(stderr, "| %s | %llu joins | p50 %.2f ms | p99 %.2f ms | max %.2f ms | %s |\n",
                 arguments.join.room_prefix.c_str(), result["joins"].get<unsigned long long>(),
                 latency["p50_ms"].get<double>(), latency["p99_ms"].get<double>(),
                 latency["max_ms"].get<double>(), result["failure"].get<std::string>().c_str());
    return result["failure"].get<std::string>().empty() ? 0 : exit_failed;
}

void add_traffic_options(CLI::App& command, Arguments& arguments) {
    auto& plan = arguments.traffic;
    command.add_option("--from", arguments.from, "URLs of the senders: wss://host:port[/path]")->required();
    command.add_option("--to", arguments.to, "URLs of the receivers")->required();
    command.add_option("--room-prefix", plan.room_prefix, "rooms are PREFIX-0, PREFIX-1, ...")
        ->capture_default_str();
    command.add_option("--rooms", plan.rooms, "with one sender each")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command.add_option("--receivers", plan.receivers, "in each room")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command.add_option("--rate", plan.rate_per_s, "messages a second over all rooms")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command.add_option("--seconds", plan.seconds, "that are measured")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command.add_option("--warmup-s", plan.warmup_s, "before that")->capture_default_str();
    command.add_option("--drain-s", plan.drain_s, "to wait for what is missing at the end")
        ->capture_default_str();
    command.add_option("--text-bytes", plan.text_bytes, "of each message")->capture_default_str();
    command.add_option("--watch", arguments.watched, "NAME=PID: CPU and memory of a server process");
}

int run(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{
        "Measures a Roomcast server from the outside, as its clients. JSON on stdout, a table's row on "
        "stderr.",
        "roomcast-bench"};
    app.require_subcommand(1);
    app.add_option("--ca", arguments.ca,
                   "PEM file that the server's certificate is checked by (default: unchecked)");
    app.add_option("--token", arguments.token, "JWT (default: a guest's, from POST /guest)");

    auto* latency = app.add_subcommand("latency", "from send to delivered to another client");
    add_traffic_options(*latency, arguments);
    auto* recovery =
        app.add_subcommand("recovery", "the longest time without messages after a blow to a server");
    add_traffic_options(*recovery, arguments);
    recovery->add_option("--pid", arguments.blow.pid, "of the server process")->required();
    recovery->add_option("--signal", arguments.blow.signal, "9 kills, 19 freezes")->capture_default_str();
    recovery->add_option("--after-s", arguments.blow.after_s, "from the end of the warm-up")
        ->capture_default_str();

    auto* join = app.add_subcommand("join", "from join to joined, one room after the other");
    std::string join_url;
    join->add_option("--url", join_url, "where they are joined")->required();
    join->add_option("--held-at", arguments.held_at,
                     "URLs where somebody is in each room already (default: nobody is)");
    join->add_option("--room-prefix", arguments.join.room_prefix, "rooms PREFIX-0, PREFIX-1, ...")
        ->required();
    join->add_option("--rooms", arguments.join.rooms, "how many")->capture_default_str();
    join->add_option("--repeats", arguments.join.repeats, "rounds over all rooms")->capture_default_str();
    join->add_option("--last", arguments.join.last, "messages asked for")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    auto& traffic = arguments.traffic;
    traffic.sender_urls = urls_of(arguments.from);
    traffic.receiver_urls = urls_of(arguments.to);
    for (const auto& text : arguments.watched) traffic.watched.push_back(parse_watched(text));
    if (recovery->parsed()) traffic.blow = arguments.blow;
    if (join->parsed()) arguments.join.url = parse_url(join_url);
    arguments.join.held_at = urls_of(arguments.held_at);

    boost::asio::io_context io{1};
    net::Loop loop(io);
    const auto tls = net::TlsContext::client(arguments.ca);
    const std::string run = std::to_string(now_ns());
    const Url& door = join->parsed() ? arguments.join.url : traffic.sender_urls.front();
    const std::string token =
        arguments.token.empty() ? guest_token(loop, *tls, door, "bench-" + run) : arguments.token;
    return join->parsed() ? run_joins(loop, *tls, arguments, token)
                          : run_traffic(loop, *tls, arguments, token, run);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "roomcast-bench: %s\n", failure.what());
        return exit_failed;
    }
}
