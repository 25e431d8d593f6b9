#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "shared/channel/channel.hpp"

namespace roomcast::producer {

/// Makes the record of a message, stamped with `time`. Fails with `text_too_long`, or `bad_frame` for text
/// that is not UTF-8. Pure: any thread.
[[nodiscard]] Result<channel::Record> make_record(const RoomSlug& room, MessageId id, UserName user,
                                                  std::string_view text, TimeMs time);

/// The record that deletes another message of the room.
[[nodiscard]] channel::Record make_deletion(const RoomSlug& room, MessageId id, UserName user, Seq deleted,
                                            TimeMs time);

/// Appends messages to rooms' logs, through a writer for each room in use.
///
/// Lives on its Appender's thread. Outcomes go to the Appender's listener, by ticket. A writer that was not
/// used for a minute is closed by `close_idle`.
class Publisher {
public:
    explicit Publisher(channel::Appender& appender) : appender_(appender) {}

    [[nodiscard]] Result<void> publish(const LogId& log, channel::Record record,
                                       channel::AppendTicket ticket);
    /// Has the listener hear now what is known of the log's appends.
    void collect(const LogId& log);
    void close_idle();
    void close(const LogId& log) { writers_.erase(log); }

private:
    struct Open {
        std::unique_ptr<channel::LogWriter> writer;
        std::chrono::steady_clock::time_point last_use;
    };
    channel::Appender& appender_;
    std::unordered_map<LogId, Open> writers_;
};

}  // namespace roomcast::producer
