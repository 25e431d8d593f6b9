#pragma once

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "shared/channel/kafka/kafka_channel.hpp"
#include "shared/channel/members.hpp"
#include "tests/channel/channel_contract.hpp"
#include "tests/support/pump.hpp"

/// A channel over the Kafka at KAFKA_BROKERS.
namespace roomcast::channel::kafka_test {

/// One prefix for the whole run, with its base topics made once: making 128 partitions for each test would
/// take longer than the tests. Those who need an empty installation pass a prefix of their own.
[[nodiscard]] const std::string& shared_prefix();
[[nodiscard]] std::string new_prefix();
[[nodiscard]] kafka::KafkaConfig config_for(const std::string& prefix);
/// Fails the test where the base topics cannot be made.
void make_base_topics(boost::asio::io_context& io, const kafka::KafkaConfig& config);

class KafkaFixture : public contract::ChannelFixture {
public:
    explicit KafkaFixture(kafka::KafkaConfig config = config_for(shared_prefix()));

    boost::asio::io_context& io() override { return io_; }
    Appender& appender() override { return *appender_; }
    contract::RecordingListener& listener() override { return listener_; }
    LogReader& reader() override { return *reader_; }
    LogAdmin& admin() override { return *admin_; }
    using ChannelFixture::table;
    TableLog& table(Table table) override;
    [[nodiscard]] const kafka::KafkaConfig& config() const { return config_; }

private:
    boost::asio::io_context io_;
    kafka::KafkaConfig config_;
    contract::RecordingListener listener_;
    std::unique_ptr<Appender> appender_;
    std::unique_ptr<LogReader> reader_;
    std::unique_ptr<LogAdmin> admin_;
    std::map<Table, std::unique_ptr<TableLog>> tables_;  // made when asked for
};

/// Appends one record; what came of it.
[[nodiscard]] Result<Seq> append_once(contract::ChannelFixture& channel, LogWriter& writer, const LogId& log);

/// Moves the start of a topic's first partition, as retention does.
void delete_records_before(KafkaFixture& channel, const std::string& topic, Seq seq);
/// A topic's settings, as the broker has them.
[[nodiscard]] std::map<std::string, std::string> settings_of(KafkaFixture& channel, const std::string& topic);

}  // namespace roomcast::channel::kafka_test
