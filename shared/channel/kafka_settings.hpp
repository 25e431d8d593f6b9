#pragma once

#include "shared/channel/kafka/config.hpp"
#include "shared/ops/log.hpp"
#include "shared/ops/settings.hpp"

namespace roomcast::channel {

/// The Kafka channel's configuration from a program's settings, with its log lines going to `log`, which must
/// outlive every object made with it.
[[nodiscard]] kafka::KafkaConfig kafka_config(const ops::KafkaSettings& settings, const ops::Log& log);

}  // namespace roomcast::channel
