#include "shared/channel/kafka/record.hpp"

namespace roomcast::channel::kafka {
namespace {

constexpr std::string_view id_header = "id";
constexpr std::string_view user_header = "user";
constexpr std::string_view type_header = "content-type";
constexpr std::string_view json_type = "application/json";

void add(rd_kafka_headers_t* headers, std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
}

}  // namespace

HeadersPtr headers_of(const Record& record) {
    HeadersPtr headers(rd_kafka_headers_new(3));
    add(headers.get(), id_header, record.id.str());
    add(headers.get(), user_header, record.user.str());
    add(headers.get(), type_header, json_type);
    return headers;
}

RecordFilter::RecordFilter(const RoomSlug& room, const Instance& instance,
                           const std::function<void()>* on_foreign)
    : prefix_(R"({"type":"message","room":")" + room.str() + R"(",)"),
      instance_(&instance),
      on_foreign_(on_foreign) {}

std::optional<RecordView> RecordFilter::view(const rd_kafka_message_t& message) {
    const std::string_view value(static_cast<const char*>(message.payload),
                                 message.payload ? message.len : 0);
    rd_kafka_headers_t* headers = nullptr;
    if (value.starts_with(prefix_) && value.ends_with('}') &&
        rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        RecordView record{Seq{message.offset}, rd_kafka_message_timestamp(&message, nullptr), {}, {}, value};
        const char* name = nullptr;
        const void* data = nullptr;
        std::size_t bytes = 0;
        for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &data, &bytes) == 0; ++i) {
            const std::string_view text(static_cast<const char*>(data), data != nullptr ? bytes : 0);
            if (name == id_header) record.id = text;
            if (name == user_header) record.user = text;
        }
        if (!record.id.empty() && !record.user.empty()) return record;
    }
    foreign(message);
    return std::nullopt;
}

void RecordFilter::foreign(const rd_kafka_message_t& message) {
    if (*on_foreign_) (*on_foreign_)();
    if (logged_) return;
    logged_ = true;
    instance_->log(4, std::string("skipping a record that is not ours, and any more like it, in ") +
                          rd_kafka_topic_name(message.rkt) + " at offset " + std::to_string(message.offset));
}

}  // namespace roomcast::channel::kafka
