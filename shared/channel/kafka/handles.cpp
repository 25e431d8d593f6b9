#include "shared/channel/kafka/handles.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace roomcast::channel::kafka {
namespace {

constexpr auto exit_wait = std::chrono::seconds(3);
constexpr auto leave_wait = std::chrono::seconds(3);

/// Counts the threads that are still destroying a client, so that the program does not end under their feet.
class Endings {
public:
    ~Endings() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, exit_wait, [this] { return running_ == 0; });
    }

    void run(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            ++running_;
        }
        std::thread([this, work = std::move(work)] {
            work();
            const std::lock_guard lock(mutex_);
            --running_;
            changed_.notify_all();
        }).detach();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int running_ = 0;
};

Endings& endings() {
    static Endings instance;
    return instance;
}

void leave_group(rd_kafka_t* client) {
    const QueuePtr queue(rd_kafka_queue_new(client));
    const ErrorPtr error(rd_kafka_consumer_close_queue(client, queue.get()));
    if (error) return;
    const auto deadline = std::chrono::steady_clock::now() + leave_wait;
    while (rd_kafka_consumer_closed(client) == 0 && std::chrono::steady_clock::now() < deadline) {
        const EventPtr event(rd_kafka_queue_poll(queue.get(), 50));
        if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
            rd_kafka_assign(client, nullptr);
        }
    }
}

}  // namespace

void ClientDestroyer::operator()(rd_kafka_t* client) const noexcept {
    endings().run([client] { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); });
}

void leave_and_destroy(ClientPtr client) {
    endings().run([raw = client.release()] {
        leave_group(raw);
        rd_kafka_destroy_flags(raw, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    });
}

}  // namespace roomcast::channel::kafka
