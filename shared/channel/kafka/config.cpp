#include "shared/channel/kafka/config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <utility>

#include "shared/channel/kafka/properties.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::string_view environment_prefix = "KAFKA_";
constexpr std::array<std::string_view, 5> not_properties = {"KAFKA_BROKERS", "KAFKA_IMAGE", "KAFKA_HEAP_OPTS",
                                                            "KAFKA_HOME", "KAFKA_OPTS"};

std::string property_name(std::string_view variable) {
    std::string name(variable.substr(environment_prefix.size()));
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return c == '_' ? '.' : static_cast<char>(std::tolower(c));
    });
    return name;
}

Error wrong(std::string detail) { return Error{Errc::internal, std::move(detail)}; }

Result<void> check_own_fields(const KafkaConfig& config) {
    static const std::regex prefix_grammar("[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}");
    if (config.brokers().empty()) return wrong("Kafka: no brokers given (KAFKA_BROKERS or --brokers)");
    if (!std::regex_match(config.topic_prefix, prefix_grammar)) {
        return wrong("Kafka: the topic prefix \"" + config.topic_prefix +
                     "\" is not 1 to 100 of letters, digits, '.', '_' and '-'");
    }
    if (config.replication_factor < 1 || config.replication_factor > 32'767) {
        return wrong("Kafka: the replication factor must lie between 1 and 32767");
    }
    if (config.min_insync_replicas < 1 || config.min_insync_replicas > config.replication_factor) {
        return wrong("Kafka: min.insync.replicas must lie between 1 and the replication factor");
    }
    if (config.retention_ms < -1) return wrong("Kafka: the retention must be -1 (for ever) or at least 0 ms");
    if (config.linger_ms < 0 || config.linger_ms > 1'000) return wrong("Kafka: linger must be 0 to 1000 ms");
    if (config.session_timeout_ms < 1'000)
        return wrong("Kafka: the session timeout must be at least 1000 ms");
    if (config.tail_silence_ms < 2) return wrong("Kafka: a tail's silence must be at least 2 ms");
    if (config.producers < 1) return wrong("Kafka: at least one producer is needed");
    if (config.rooms_in_a_request < 1 || config.rooms_in_a_request > 10'000)
        return wrong("Kafka: a produce request holds 1 to 10000 rooms");
    if (config.request_pace_ms < 0 || config.request_pace_ms > 1'000)
        return wrong("Kafka: produce requests are paced by 0 to 1000 ms");
    if (config.request_pace_rtts < 0 || config.request_pace_rtts > 1'000)
        return wrong("Kafka: produce requests are paced by 0 to 1000 times as long as they take");
    if (config.tails_before_spreading < 1 || config.tail_instances < 1 || config.tails_per_instance < 1 ||
        config.sparse_tails_per_instance < 1 || config.rung_tails_per_instance < 0 ||
        config.tails_left_per_instance < 1)
        return wrong("Kafka: at least one tail per instance, and one instance, is needed");
    return {};
}

}  // namespace

std::string KafkaConfig::brokers() const {
    const auto found = properties.find("bootstrap.servers");
    return found == properties.end() ? std::string() : found->second;
}

void KafkaConfig::set_brokers(std::string brokers) { properties["bootstrap.servers"] = std::move(brokers); }

void add_environment(KafkaConfig& config, const char* const* environment) {
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        const auto equals = entry.find('=');
        if (!entry.starts_with(environment_prefix) || equals == std::string_view::npos) continue;
        const auto variable = entry.substr(0, equals);
        const std::string value(entry.substr(equals + 1));
        if (variable == "KAFKA_BROKERS" && !value.empty())
            config.properties.emplace("bootstrap.servers", value);
        if (std::ranges::find(not_properties, variable) != not_properties.end()) continue;
        config.properties.emplace(property_name(variable), value);
    }
}

Result<void> validate(const KafkaConfig& config) {
    if (auto own = check_own_fields(config); !own) return own;
    for (const auto& [name, value] : config.properties) {
        if (const auto* fixed = fixed_value(name); fixed != nullptr && value != *fixed) {
            return wrong("Kafka property " + name + " is fixed to " + *fixed + " by Roomcast");
        }
    }
    if (auto made = make_conf(config, producer_properties(config)); !made) return made.error();
    if (auto made = make_conf(config, fetcher_properties({})); !made) return made.error();
    return {};
}

}  // namespace roomcast::channel::kafka
