#include "shared/channel/kafka/kafka_channel.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "shared/channel/kafka/admin.hpp"
#include "shared/channel/kafka/appender.hpp"
#include "shared/channel/kafka/group.hpp"
#include "shared/channel/kafka/log_reader.hpp"
#include "shared/channel/kafka/members_log.hpp"
#include "shared/channel/kafka/table_log.hpp"

namespace roomcast::channel::kafka {

void ensure_base_topics(boost::asio::io_context& io, const KafkaConfig& config,
                        std::chrono::milliseconds limit, Callback<void> done) {
    auto admin = std::make_shared<KafkaLogAdmin>(io, config);
    ensure_topics(*admin, limit, [&io, admin, done = std::move(done)](Result<void> outcome) mutable {
        boost::asio::post(io, [admin = std::move(admin)] {});  // not from inside its own callback
        done(std::move(outcome));
    });
}

std::unique_ptr<Appender> make_appender(boost::asio::io_context& io, const KafkaConfig& config,
                                        AppendListener& listener) {
    return std::make_unique<KafkaAppender>(io, config, listener);
}

std::unique_ptr<LogReader> make_log_reader(boost::asio::io_context& io, const KafkaConfig& config,
                                           const NodeId& node) {
    return std::make_unique<KafkaLogReader>(io, config, node);
}

std::unique_ptr<LogAdmin> make_log_admin(boost::asio::io_context& io, const KafkaConfig& config) {
    return std::make_unique<KafkaLogAdmin>(io, config);
}

std::unique_ptr<TableLog> make_table_log(boost::asio::io_context& io, const KafkaConfig& config,
                                         Table table) {
    return std::make_unique<KafkaTableLog>(io, config, table);
}

std::unique_ptr<MembersLog> make_members_log(boost::asio::io_context& io, const KafkaConfig& config) {
    return std::make_unique<KafkaMembersLog>(io, config);
}

std::unique_ptr<GroupMembership> make_group_membership(boost::asio::io_context& io, const KafkaConfig& config,
                                                       OwnershipSink& sink) {
    return std::make_unique<KafkaGroupMembership>(io, config, sink);
}

}  // namespace roomcast::channel::kafka
