#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "bench/clock.hpp"
#include "bench/crowd/fanout.hpp"
#include "bench/crowd/ingest.hpp"
#include "bench/guest.hpp"
#include "shared/net/connection.hpp"
#include "shared/net/tls_context.hpp"

namespace {

using namespace roomcast::bench;

struct Arguments {
    std::string url;
    std::string dialect = "roomcast";
    std::optional<std::string> subscribe, publish, frame, joined, refused;
    std::vector<std::string> watched;
    Crowd::Door door;
    FanoutPlan fanout;
    IngestPlan ingest;
};

void add_common_options(CLI::App& app, Arguments& arguments) {
    app.add_option("--url", arguments.url, "wss://host:port; paths are the dialect's")->required();
    app.add_option("--dialect", arguments.dialect, "roomcast, nchan or floor; changed by the next five")
        ->capture_default_str();
    app.add_option("--subscribe", arguments.subscribe, "path of a receiver, with {room}");
    app.add_option("--publish", arguments.publish, "path of a sender; empty: a receiver is the sender");
    app.add_option("--frame", arguments.frame, "what a sender says, with {room}, {id}, {text}");
    app.add_option("--joined", arguments.joined, "what a frame holds that says one is in");
    app.add_option("--refused", arguments.refused, "what a frame holds that says no");
    app.add_option("--ca", arguments.door.ca, "PEM that the server is checked by (default: unchecked)");
    app.add_option("--token", arguments.door.token, "bearer token (default with roomcast: a guest's)");
    app.add_flag("--deflate", arguments.door.deflate, "permessage-deflate is offered");
    app.add_option("--at-once", arguments.door.at_once, "connections on their way")->capture_default_str();
    app.add_option("--watch", arguments.watched, "NAME=PID: CPU and memory of a server process");
}

void add_fanout_options(CLI::App& app, FanoutPlan& plan, Crowd::Door& door) {
    app.add_option("--room-prefix", plan.room_prefix)->capture_default_str();
    app.add_option("--rooms", plan.rooms)->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--receivers", plan.receivers, "in each room")->capture_default_str();
    app.add_option("--slow", plan.slow, "beside them in the first room: they never read")
        ->capture_default_str();
    app.add_option("--rate", plan.rate_per_s, "messages a second over all rooms; 0: none")
        ->capture_default_str();
    app.add_flag("--at-random", plan.at_random, "at random moments (Poisson), not at even intervals");
    app.add_option("--warmup-s", plan.warmup_s)->capture_default_str();
    app.add_option("--seconds", plan.seconds, "that are measured")->capture_default_str();
    app.add_option("--drain-s", plan.drain_s, "to wait for what is missing at the end")
        ->capture_default_str();
    app.add_option("--text-bytes", plan.text_bytes)->capture_default_str();
    app.add_flag("--only-tls", door.only_tls, "the TLS handshake is all: for a bare accept loop");
}

void add_ingest_options(CLI::App& app, IngestPlan& plan) {
    app.add_option("--room-prefix", plan.room_prefix)->capture_default_str();
    app.add_option("--rooms", plan.rooms, "with one sender each")->capture_default_str();
    app.add_option("--window", plan.window, "messages of a sender that wait for their ack")
        ->capture_default_str();
    app.add_option("--messages", plan.messages, "in all")->capture_default_str();
    app.add_option("--text-bytes", plan.text_bytes)->capture_default_str();
}

std::string guest(const Url& url, const std::string& ca, const std::string& run) {
    boost::asio::io_context io{1};
    const auto tls = roomcast::net::TlsContext::client(ca);
    roomcast::net::Loop loop(io);
    return guest_token(loop, *tls, url, "crowd-" + run);
}

template <class Run, class Plan>
int measure(Plan plan) {
    Run run(std::move(plan));
    run.run();
    std::printf("%s\n", run.result().dump().c_str());
    return 0;
}

int run(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{
        "A crowd of WebSocket clients on one thread, for Roomcast and other servers. JSON on stdout.",
        "roomcast-crowd"};
    app.require_subcommand(1);
    add_common_options(app, arguments);
    auto* fanout =
        app.add_subcommand("fanout", "one sender in each room, many receivers; with --rate 0 only opening");
    add_fanout_options(*fanout, arguments.fanout, arguments.door);
    auto* ingest = app.add_subcommand("ingest", "one sender in each room, as fast as acks come");
    add_ingest_options(*ingest, arguments.ingest);
    CLI11_PARSE(app, argc, argv);

    Crowd::Door door = arguments.door;
    door.url = parse_url(arguments.url);
    Dialect dialect = dialect_of(arguments.dialect);
    if (arguments.subscribe) dialect.subscribe = *arguments.subscribe;
    if (arguments.publish) dialect.publish = *arguments.publish;
    if (arguments.frame) dialect.frame = *arguments.frame;
    if (arguments.joined) dialect.joined = *arguments.joined;
    if (arguments.refused) dialect.refused = *arguments.refused;
    const std::string own_run = std::to_string(now_ns());
    if (door.token.empty() && arguments.dialect == "roomcast" && !door.only_tls)
        door.token = guest(door.url, door.ca, own_run);
    const auto fill = [&](auto& plan) {
        plan.door = door;
        plan.dialect = dialect;
        plan.run = own_run;
        for (const auto& text : arguments.watched) plan.watched.push_back(parse_watched(text));
    };
    fill(arguments.fanout);
    fill(arguments.ingest);
    return fanout->parsed() ? measure<Fanout>(arguments.fanout) : measure<Ingest>(arguments.ingest);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "roomcast-crowd: %s\n", failure.what());
        return 1;
    }
}
