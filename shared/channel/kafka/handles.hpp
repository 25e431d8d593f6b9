#pragma once

#include <cstdint>
#include <memory>

#include <librdkafka/rdkafka.h>

/// Of the librdkafka that scripts/deps builds, see scripts/librdkafka; null with another.
extern "C" int rd_kafka_consume_demand(rd_kafka_topic_t* topic, std::int32_t partition) __attribute__((weak));

/// Owners of librdkafka's handles: no raw `rd_kafka_*` pointer outside these is owned by anybody.
///
/// Topics, queues and events of a client must be gone before the client is: Instance (instance.hpp) sees to
/// it. A client is destroyed on a thread of its own, because rd_kafka_destroy waits for the client's threads
/// to end.
namespace roomcast::channel::kafka {

template <auto destroy>
struct Destroyer {
    template <class T>
    void operator()(T* handle) const noexcept {
        destroy(handle);
    }
};

/// Destroys a client without making the caller wait. At exit of the program the last ones are waited for,
/// briefly.
struct ClientDestroyer {
    void operator()(rd_kafka_t* client) const noexcept;
};

using ClientPtr = std::unique_ptr<rd_kafka_t, ClientDestroyer>;
using ConfPtr = std::unique_ptr<rd_kafka_conf_t, Destroyer<rd_kafka_conf_destroy>>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>>;
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using EventPtr = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, Destroyer<rd_kafka_error_destroy>>;
using HeadersPtr = std::unique_ptr<rd_kafka_headers_t, Destroyer<rd_kafka_headers_destroy>>;
using PartitionPtr = std::unique_ptr<rd_kafka_topic_partition_t, Destroyer<rd_kafka_topic_partition_destroy>>;
using PartitionsPtr =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroyer<rd_kafka_topic_partition_list_destroy>>;
using NewTopicPtr = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using DeleteTopicPtr = std::unique_ptr<rd_kafka_DeleteTopic_t, Destroyer<rd_kafka_DeleteTopic_destroy>>;
using ConfigResourcePtr =
    std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>;
using AdminOptionsPtr = std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_destroy>>;
using TopicCollectionPtr =
    std::unique_ptr<rd_kafka_TopicCollection_t, Destroyer<rd_kafka_TopicCollection_destroy>>;

/// Takes a consumer out of its group (the others take over at once), then destroys it, all on a thread of its
/// own.
void leave_and_destroy(ClientPtr client);

}  // namespace roomcast::channel::kafka
