#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/config.hpp"
#include "shared/channel/members.hpp"

/// The channel over Kafka, without librdkafka's headers. Each function makes one object of channel.hpp or
/// members.hpp, which belongs to the given io_context's thread and keeps a copy of the configuration.
///
/// Throws std::runtime_error where librdkafka refuses the configuration (`validate` tells before). Brokers
/// need not be reachable: then requests wait, up to their deadlines. `ensure_base_topics` comes first, once,
/// at start-up.
namespace roomcast::channel::kafka {

/// Makes the topics that everything rests on (rooms, accounts, tokens, members, wake, doorbell) where they
/// are missing, trying again until brokers answer or the limit is reached. Fails with a sentence for the
/// operator.
void ensure_base_topics(boost::asio::io_context& io, const KafkaConfig& config,
                        std::chrono::milliseconds limit, Callback<void> done);

[[nodiscard]] std::unique_ptr<Appender> make_appender(boost::asio::io_context& io, const KafkaConfig& config,
                                                      AppendListener& listener);
[[nodiscard]] std::unique_ptr<LogReader> make_log_reader(boost::asio::io_context& io,
                                                         const KafkaConfig& config, const NodeId& node);
[[nodiscard]] std::unique_ptr<LogAdmin> make_log_admin(boost::asio::io_context& io,
                                                       const KafkaConfig& config);
[[nodiscard]] std::unique_ptr<TableLog> make_table_log(boost::asio::io_context& io, const KafkaConfig& config,
                                                       Table table = Table::rooms);
[[nodiscard]] std::unique_ptr<MembersLog> make_members_log(boost::asio::io_context& io,
                                                           const KafkaConfig& config);
[[nodiscard]] std::unique_ptr<GroupMembership> make_group_membership(boost::asio::io_context& io,
                                                                     const KafkaConfig& config,
                                                                     OwnershipSink& sink);

}  // namespace roomcast::channel::kafka
