#pragma once

#include <optional>
#include <string>

#include "shared/ops/option_table.hpp"
#include "shared/ops/settings.hpp"

/// From the command line and the environment to settings: flags first, then `ROOMCAST_*`, then the defaults
/// of settings.hpp.
///
/// Called once, by main. Everything is checked: an unknown flag, a `ROOMCAST_*` variable that no program of
/// ours knows, or a value out of its range gives no settings but one line of text and exit code 2; `--help`
/// gives the list and exit code 0. `KAFKA_*` variables become librdkafka properties, unchecked here: the
/// Kafka client refuses what it does not know.
namespace roomcast::ops {

template <class Settings>
struct ParseOutcome {
    std::optional<Settings> settings;  // none: print `text` (stdout if the code is 0, else stderr) and exit
    int exit_code = 0;
    std::string text;
};

/// The process's own environment.
[[nodiscard]] Environment process_environment();

[[nodiscard]] ParseOutcome<EdgeSettings> parse_edge_settings(int argc, const char* const* argv,
                                                             const Environment& environment);
[[nodiscard]] ParseOutcome<WorkerSettings> parse_worker_settings(int argc, const char* const* argv,
                                                                 const Environment& environment);
[[nodiscard]] ParseOutcome<ProduceSettings> parse_produce_settings(int argc, const char* const* argv,
                                                                   const Environment& environment);
[[nodiscard]] ParseOutcome<ReplaySettings> parse_replay_settings(int argc, const char* const* argv,
                                                                 const Environment& environment);

}  // namespace roomcast::ops
