#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shared/channel/channel.hpp"
#include "shared/channel/kafka/handles.hpp"
#include "shared/channel/kafka/instance.hpp"

/// A room's record as a Kafka message, and back.
namespace roomcast::channel::kafka {

/// The message headers of a record: id, user, content-type.
[[nodiscard]] HeadersPtr headers_of(const Record& record);

/// Tells a room's records from what others may have put into its topic, which is skipped, counted, and logged
/// once. Ours have the headers `id` and `user` and a value `{"type":"message","room":"<slug>",...}`.
/// Allocates nothing of its own (librdkafka allocates when it parses headers).
class RecordFilter {
public:
    RecordFilter(const RoomSlug& room, const Instance& instance, const std::function<void()>* on_foreign);

    /// The record, as views into the message; none for a foreign one.
    [[nodiscard]] std::optional<RecordView> view(const rd_kafka_message_t& message);

private:
    void foreign(const rd_kafka_message_t& message);

    std::string prefix_;
    const Instance* instance_;
    const std::function<void()>* on_foreign_;
    bool logged_ = false;
};

}  // namespace roomcast::channel::kafka
