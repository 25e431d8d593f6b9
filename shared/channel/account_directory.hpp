#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/account_table.hpp"
#include "shared/channel/channel.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::channel {

/// Finds, makes and changes accounts, on the compacted log of accounts (Table::accounts).
///
/// Lives on its io_context's thread, like RoomDirectory. Slots are followed when they are kept (`keep`) or
/// asked about. Changes are answered once their record has been read back, and those to one name are taken
/// one after the other. The log's order decides between several directories: who made a name second is told
/// `name_taken`. Requests fail with `unavailable` past limits::channel_request_deadline_ms (a change may then
/// have been kept), with `busy` above limits::account_requests.
class AccountDirectory final : private TableSink {
public:
    AccountDirectory(boost::asio::io_context& io, TableLog& table, ops::Log& log);
    ~AccountDirectory();
    AccountDirectory(const AccountDirectory&) = delete;
    AccountDirectory& operator=(const AccountDirectory&) = delete;

    /// The slots to hold ready; others are let go some time after their last use.
    void keep(const std::vector<Slot>& slots);
    /// Whether all kept slots are read to their end.
    [[nodiscard]] bool current() const;

    /// `not_found` where nobody has that name.
    void find(const FoldedName& folded, Callback<AccountInfo> done);
    /// `attempt` names this try: the same one again, after a lost answer, is the same account.
    void create(AccountInfo info, Epoch attempt, Callback<AccountInfo> done);
    void change_password(const FoldedName& folded, std::string hash, TimeMs now, Callback<AccountInfo> done);
    void remove(const FoldedName& folded, Callback<void> done);

private:
    using Clock = std::chrono::steady_clock;
    struct SlotState {
        SlotAccounts accounts;
        std::unique_ptr<Following> following;
        bool is_current = false;
        Clock::time_point last_use;
    };
    enum class Kind { find, create, change_password, remove };
    struct Request {
        Kind kind = Kind::find;
        AccountInfo info = {};  // of a change: the name, the hash and the time
        Epoch attempt = {};
        Callback<AccountInfo> done = {};
        Clock::time_point deadline = {};
        // What was appended for it and is not read back yet.
        std::string key = {};
        std::optional<std::string> value = {};
    };

    void on_table_record(const TableRecord& record) override;
    void on_slot_current(Slot slot) override;
    SlotState& use(Slot slot);
    void ask(Request request);
    void advance(const FoldedName& folded);
    /// The answer, where no record is needed for it.
    [[nodiscard]] std::optional<Result<AccountInfo>> begin(const SlotAccounts& accounts, Request& request);
    void append(Request& request, const AccountKey& key, std::optional<std::string> value);
    void answer(const FoldedName& folded, const std::string& key, const Result<AccountInfo>& outcome);
    [[nodiscard]] static Result<AccountInfo> outcome(const SlotAccounts& accounts, const Request& request);
    void clean_up(Slot slot, const std::vector<AccountKey>& keys);
    void sweep();

    boost::asio::io_context& io_;
    TableLog& table_;
    ops::Log& log_;
    std::map<Slot, std::unique_ptr<SlotState>> slots_;
    std::set<Slot> kept_;
    std::unordered_map<FoldedName, std::deque<Request>> requests_;  // the front one is being carried out
    std::size_t waiting_ = 0;
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
};

}  // namespace roomcast::channel
