#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/channel.hpp"
#include "shared/channel/sqlite/followings.hpp"
#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "shared/channel/sqlite/tails.hpp"
#include "shared/channel/sqlite/worker.hpp"

namespace roomcast::channel::sqlite {

/// The owner's side of a SqliteChannel: keeps the caps, hands jobs to the worker and calls back with its
/// answers.
///
/// Owned by its SqliteChannel. Handles and posted handlers hold a weak_ptr and lock it on the owner's thread
/// only, for one call; after `close` nothing is called any more, even while such a call is still on the
/// stack.
class Frontend : public std::enable_shared_from_this<Frontend> {
public:
    /// Starts the worker; throws where the database cannot be opened.
    [[nodiscard]] static std::shared_ptr<Frontend> start(boost::asio::io_context& io,
                                                         const SqliteOptions& options, Database::Mode mode);
    /// Waits until all jobs are done and drops their answers. The last call.
    void close();

    void report_to(AppendListener& listener) { listener_ = &listener; }
    [[nodiscard]] Result<void> append(const std::shared_ptr<const LogId>& log, Record record,
                                      AppendTicket ticket);
    [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

    /// Hands a job with a callback to the worker, or fails it by a posted call where it is over the cap.
    template <class Job>
    void request(Job job);

    [[nodiscard]] TailId add_tail(const LogId& log, Seq from, TailSink& sink);
    void end_tail(TailId tail) { tails_.end(tail); }
    [[nodiscard]] FollowingId add_following(Slot slot, TableSink& sink);
    void end_following(FollowingId following) { followings_.end(following); }

private:
    Frontend(boost::asio::io_context& io, const SqliteOptions& options, Database::Mode mode);

    // What the worker has finished, in its order.
    void deliver();
    void deliver(std::vector<WriteJob>& jobs);
    void deliver(std::vector<ReadJob>& jobs);
    void deliver(FileChanged change);
    void answer(TableAppendJob& job);
    void answer(TailPageJob& job);
    void answer(TablePageJob& job);
    template <class Job>
    void answer(Job& job);
    void acknowledge(AppendJob& job);
    void read_on_later();

    boost::asio::io_context& io_;
    const std::size_t queue_messages_;
    const std::size_t queue_bytes_;
    AppendListener* listener_ = nullptr;
    std::size_t in_flight_ = 0;
    std::size_t in_flight_bytes_ = 0;
    std::size_t requests_ = 0;
    bool closed_ = false;
    Tails tails_;
    Followings followings_;
    boost::asio::steady_timer retry_;
    std::unique_ptr<Worker> worker_;
};

}  // namespace roomcast::channel::sqlite
