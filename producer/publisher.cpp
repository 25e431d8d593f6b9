#include "producer/publisher.hpp"

#include "shared/core/coarse_clock.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"
#include "shared/wire/server_frames.hpp"

namespace roomcast::producer {
namespace {
constexpr auto writer_kept = std::chrono::seconds(60);
}  // namespace

Result<channel::Record> make_record(const RoomSlug& room, MessageId id, UserName user, std::string_view text,
                                    TimeMs time) {
    if (text.size() > limits::message_text_bytes) return Errc::text_too_long;
    if (!valid_utf8(text)) return Error{Errc::bad_frame, "the text is not UTF-8"};
    channel::Record record;
    record.value = wire::message_record(room, id, user, text, time);
    record.id = std::move(id);
    record.user = std::move(user);
    record.time = time;
    return record;
}

channel::Record make_deletion(const RoomSlug& room, MessageId id, UserName user, Seq deleted, TimeMs time) {
    channel::Record record;
    record.value = wire::deletion_record(room, id, user, deleted, time);
    record.id = std::move(id);
    record.user = std::move(user);
    record.time = time;
    return record;
}

Result<void> Publisher::publish(const LogId& log, channel::Record record, channel::AppendTicket ticket) {
    Open& open = writers_[log];
    if (!open.writer) open.writer = appender_.open(log);
    open.last_use = coarse_now();
    return open.writer->append(std::move(record), ticket);
}

void Publisher::collect(const LogId& log) {
    const auto found = writers_.find(log);
    if (found != writers_.end()) found->second.writer->collect();
}

void Publisher::close_idle() {
    const auto moment = coarse_now() - writer_kept;
    std::erase_if(writers_, [&](const auto& entry) { return entry.second.last_use < moment; });
}

}  // namespace roomcast::producer
