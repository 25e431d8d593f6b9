#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/fetcher.hpp"
#include "shared/channel/kafka/producer.hpp"
#include "shared/channel/kafka/requests.hpp"

namespace roomcast::channel::kafka {

/// Appends to compacted topics, and follows their partitions: what TableLog and MembersLog have in common.
///
/// Owned by these, on their io_context's thread. Several followings of one partition each get a fetcher of
/// their own. A following moves from a fetcher for reading up to one that idles, once it is current.
class CompactedTopic {
public:
    class Sink {
    public:
        virtual void on_record(Seq seq, std::string_view key, std::optional<std::string_view> value) = 0;
        virtual void on_current() = 0;

    protected:
        ~Sink() = default;
    };

    CompactedTopic(boost::asio::io_context& io, const KafkaConfig& config, std::string name);
    ~CompactedTopic();
    CompactedTopic(const CompactedTopic&) = delete;
    CompactedTopic& operator=(const CompactedTopic&) = delete;

    void append(std::int32_t partition, std::string_view key, std::optional<std::string_view> value,
                Callback<Seq> done);
    [[nodiscard]] std::unique_ptr<Following> follow(std::int32_t partition, Sink& sink);
    [[nodiscard]] Producer& producer() { return producer_; }

    struct Shared;

private:
    boost::asio::io_context& io_;
    std::string name_;
    Producer producer_;
    std::unique_ptr<Producer::Topic> topic_;
    std::unordered_map<std::uint64_t, Callback<Seq>> waiting_;
    std::uint64_t last_ticket_ = 0;
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace roomcast::channel::kafka
