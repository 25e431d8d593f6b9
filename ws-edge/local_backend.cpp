#include "consumer/service.hpp"
#include "shared/channel/room_directory.hpp"
#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "ws-edge/backend.hpp"
#include "ws-edge/local_workers.hpp"

namespace roomcast::edge {
namespace {

using channel::sqlite::SqliteChannel;
using channel::sqlite::SqliteOptions;

std::vector<Slot> all_slots() {
    std::vector<Slot> slots;
    for (std::uint16_t number = 0; number < slot_count; ++number) slots.push_back(Slot{number});
    return slots;
}

/// Local mode: the consumer's code over SQLite, in this process and on this thread.
class LocalBackend final : public Backend {
public:
    LocalBackend(net::Loop& loop, const ops::EdgeSettings& settings, Core& core, ops::Log& log)
        : channel_(SqliteChannel::open_read_write(loop.io(), options_of(settings))),
          directory_(loop.io(), *channel_, *channel_, log),
          accounts_(loop.io(), channel_->table(channel::Table::accounts), log),
          service_(loop.io(), *channel_, directory_, accounts_, log),
          workers_(loop.io(), service_, core),
          publisher_(*channel_) {
        channel_->report_to(core);
        directory_.keep(all_slots());
        accounts_.keep(all_slots());
    }

    Workers& workers() override { return workers_; }
    producer::Publisher& publisher() override { return publisher_; }
    channel::TableLog& tokens_table() override { return channel_->table(channel::Table::tokens); }
    [[nodiscard]] bool ready() const override { return directory_.current() && accounts_.current(); }
    [[nodiscard]] std::size_t workers_linked() const override { return 1; }

private:
    static SqliteOptions options_of(const ops::EdgeSettings& settings) {
        SqliteOptions options;
        options.data_dir = settings.data_dir;
        if (settings.kafka.retention_ms > 0) options.default_retention_ms = settings.kafka.retention_ms;
        return options;
    }

    std::unique_ptr<SqliteChannel> channel_;
    channel::RoomDirectory directory_;
    channel::AccountDirectory accounts_;
    consumer::Service service_;
    LocalWorkers workers_;
    producer::Publisher publisher_;
};

}  // namespace

std::unique_ptr<Backend> make_local_backend(net::Loop& loop, const ops::EdgeSettings& settings, Core& core,
                                            ops::Log& log) {
    return std::make_unique<LocalBackend>(loop, settings, core, log);
}

}  // namespace roomcast::edge
