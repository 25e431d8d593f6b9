#include <atomic>
#include <charconv>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/clock.hpp"
#include "bench/histogram.hpp"
#include "bench/kafka_client.hpp"

// What Kafka costs by itself: the same records, at the same rate, by plain librdkafka.
namespace {

using namespace roomcast::bench;
using nlohmann::json;

struct Arguments {
    std::string brokers = "127.0.0.1:9092";
    double rate_per_s = 100;
    double warmup_s = 1;
    double seconds = 5;
    std::size_t text_bytes = 100;
    std::size_t topics = 20;
    std::uint64_t messages = 200'000;
    int linger_ms = 0;
};

/// Text that begins with the time at which it was meant to be sent.
std::string stamped(std::int64_t intended_ns, std::size_t bytes) {
    std::string text = std::to_string(intended_ns) + '.';
    if (text.size() < bytes) text.resize(bytes, 'x');
    return text;
}

std::int64_t stamp_of(std::string_view value) {
    static constexpr std::string_view name = R"("text":")";
    const auto at = value.find(name);
    std::int64_t intended_ns = 0;
    if (at != std::string_view::npos)
        std::from_chars(value.data() + at + name.size(), value.data() + value.size(), intended_ns);
    return intended_ns;
}

/// Produces on a thread of its own, so that a consumer that is late does not hold it up.
int run_latency(const Arguments& arguments) {
    const std::string topic_name = "floor-latency-" + std::to_string(::getpid());
    const kafka::Client producer =
        kafka::make_producer(arguments.brokers, arguments.linger_ms, nullptr, nullptr);
    kafka::make_topics(producer.get(), {topic_name});
    const kafka::Client consumer = kafka::make_consumer(arguments.brokers, topic_name);

    const auto messages =
        static_cast<std::uint64_t>(arguments.rate_per_s * (arguments.warmup_s + arguments.seconds));
    const std::int64_t first_ns =
        now_ns() + 500 * ns_per_ms;  // the consumer's first fetch is on its way by then
    const std::int64_t measured_from_ns = first_ns + static_cast<std::int64_t>(arguments.warmup_s * ns_per_s);
    std::thread sender([&] {
        const kafka::Topic topic(rd_kafka_topic_new(producer.get(), topic_name.c_str(), nullptr));
        for (std::uint64_t i = 0; i < messages; ++i) {
            const auto intended_ns =
                first_ns + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / arguments.rate_per_s);
            std::this_thread::sleep_until(time_point_of(intended_ns));
            const std::string id = "floor-" + std::to_string(i);
            const std::string value =
                kafka::record_value(topic_name, id, stamped(intended_ns, arguments.text_bytes));
            if (!kafka::produce(producer.get(), topic.get(), topic_name, id, value))
                std::fputs("queue full\n", stderr);
            rd_kafka_poll(producer.get(), 0);
        }
        rd_kafka_flush(producer.get(), 10'000);
    });

    Histogram latency;
    std::uint64_t consumed = 0;
    const std::int64_t deadline_ns =
        measured_from_ns + static_cast<std::int64_t>((arguments.seconds + 10) * ns_per_s);
    while (consumed < messages && now_ns() < deadline_ns) {
        const kafka::Message message(rd_kafka_consumer_poll(consumer.get(), 100));
        if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        const std::int64_t now = now_ns();
        ++consumed;
        const auto intended_ns = stamp_of({static_cast<const char*>(message->payload), message->len});
        if (intended_ns >= measured_from_ns) latency.add(now - intended_ns);
    }
    sender.join();
    rd_kafka_consumer_close(consumer.get());
    kafka::delete_topics(producer.get(), {topic_name});
    std::printf("%s\n",
                json{{"sent", messages}, {"lost", messages - consumed}, {"latency", latency}}.dump().c_str());
    return consumed == messages ? 0 : 1;
}

struct Reports {
    std::uint64_t good = 0;
    std::uint64_t bad = 0;
};

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* const reports = static_cast<Reports*>(opaque);
    ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? reports->good : reports->bad);
}

/// As fast as it goes, round robin over the topics, until the last is reported durable. Making the topics and
/// the values is not in the time.
int run_produce(const Arguments& arguments) {
    Reports reports;
    const kafka::Client producer =
        kafka::make_producer(arguments.brokers, arguments.linger_ms, on_report, &reports);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < arguments.topics; ++i)
        names.push_back("floor-import-" + std::to_string(::getpid()) + '-' + std::to_string(i));
    kafka::make_topics(producer.get(), names);
    std::vector<kafka::Topic> topics;
    topics.reserve(names.size());
    for (const auto& name : names)
        topics.emplace_back(rd_kafka_topic_new(producer.get(), name.c_str(), nullptr));
    const std::string text = stamped(now_ns(), arguments.text_bytes);

    const std::int64_t began_ns = now_ns();
    for (std::uint64_t i = 0; i < arguments.messages; ++i) {
        const std::size_t at = i % names.size();
        const std::string id = "floor-import-" + std::to_string(i);
        const std::string value = kafka::record_value(names[at], id, text);
        while (!kafka::produce(producer.get(), topics[at].get(), names[at], id, value))
            rd_kafka_poll(producer.get(), 10);
        if (i % 64 == 0) rd_kafka_poll(producer.get(), 0);
    }
    rd_kafka_flush(producer.get(), 60'000);
    const double seconds = static_cast<double>(now_ns() - began_ns) / 1e9;
    topics.clear();
    kafka::delete_topics(producer.get(), names);
    std::printf("%s\n", json{{"messages", arguments.messages},
                             {"kept", reports.good},
                             {"failed", reports.bad},
                             {"seconds", seconds},
                             {"per_s", static_cast<double>(reports.good) / seconds}}
                            .dump()
                            .c_str());
    return reports.good == arguments.messages ? 0 : 1;
}

int run(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{"Measures plain librdkafka on a broker, as the floor of Roomcast's figures. JSON on stdout.",
                 "floor-kafka"};
    app.require_subcommand(1);
    app.add_option("--brokers", arguments.brokers, "host:port,...")->capture_default_str();
    app.add_option("--text-bytes", arguments.text_bytes, "of each message")->capture_default_str();
    app.add_option("--linger-ms", arguments.linger_ms, "how long a batch is collected")
        ->capture_default_str();
    auto* latency = app.add_subcommand("latency", "from produce to consume");
    latency->add_option("--rate", arguments.rate_per_s, "messages a second")->capture_default_str();
    latency->add_option("--warmup-s", arguments.warmup_s, "not measured")->capture_default_str();
    latency->add_option("--seconds", arguments.seconds, "measured")->capture_default_str();
    auto* produce = app.add_subcommand("produce", "messages a second");
    produce->add_option("--topics", arguments.topics, "of one partition each")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    produce->add_option("--messages", arguments.messages, "over all topics")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return latency->parsed() ? run_latency(arguments) : run_produce(arguments);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "floor-kafka: %s\n", failure.what());
        return 1;
    }
}
