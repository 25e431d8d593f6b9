#pragma once

#include <string>
#include <string_view>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"

/// The names of all topics, from the prefix of the installation. Nothing else knows how rooms map to topics.
/// The longest room topic has 64 + 32 bytes besides prefix and dots, which leaves the prefix 145 of Kafka's
/// 249.
namespace roomcast::channel::kafka {

/// A compacted table: one partition for each of its slots.
[[nodiscard]] std::string table_topic(std::string_view prefix, Table table);
/// That of the directory, whose partitions the workers share among them.
[[nodiscard]] std::string rooms_topic(std::string_view prefix);
/// The compacted announcements of workers: one partition.
[[nodiscard]] std::string members_topic(std::string_view prefix);
/// Whatever is appended here ends the parked fetches of those who tail it; nothing in it is ever read for its
/// content.
[[nodiscard]] std::string wake_topic(std::string_view prefix);
/// Writers put a room topic's name here, as the key, when they append to it after a pause: one partition.
[[nodiscard]] std::string doorbell_topic(std::string_view prefix);
/// `<prefix>.room.<slug>.<epoch>`, never used again by a later room of that name.
[[nodiscard]] std::string room_topic(std::string_view prefix, const LogId& log);
/// The consumer group of the workers.
[[nodiscard]] std::string workers_group(std::string_view prefix);

inline constexpr int wake_partitions = 64;

}  // namespace roomcast::channel::kafka
