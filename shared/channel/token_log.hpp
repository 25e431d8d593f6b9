#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "shared/channel/channel.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"
#include "shared/ops/log.hpp"

namespace roomcast::channel {

/// Hears which tokens are no longer good, from the log's start on and again for repeats. Those that have
/// expired by now are left out.
class TokenSink {
public:
    /// A token is revoked; it would expire at `expires`.
    virtual void on_token_revoked(std::string_view token_id, TimeMs expires, std::string_view reason) = 0;
    /// All tokens of a user that were issued before a time are revoked; the last of them expires at
    /// `expires`.
    virtual void on_user_revoked(const FoldedName& user, TimeMs issued_before, TimeMs expires,
                                 std::string_view reason) = 0;

protected:
    ~TokenSink() = default;
};

/// What is known of tokens and tickets beyond their signatures, in the one log that every edge follows from
/// its start (Table::tokens, slot 0).
///
/// Lives on its io_context's thread; the sink outlives it. Revocations and takes are answered once read back,
/// and fail with `unavailable` past limits::channel_request_deadline_ms (they may then have been kept), with
/// `busy` above limits::token_requests. Records are deleted some time after they have expired, by whoever
/// wrote them or found them expired at its start.
class TokenLog final : private TableSink {
public:
    using WallClock = TimeMs (*)();

    TokenLog(boost::asio::io_context& io, TableLog& table, TokenSink& sink, ops::Log& log,
             WallClock clock = now_ms);
    ~TokenLog();
    TokenLog(const TokenLog&) = delete;
    TokenLog& operator=(const TokenLog&) = delete;

    /// Whether the log is read to its end: before, a revoked token may seem good.
    [[nodiscard]] bool current() const { return is_current_; }

    /// `expires` lies within limits::token_log_retention_ms from now; what has expired needs no record.
    void revoke(std::string_view token_id, TimeMs expires, std::string_view reason, Callback<void> done);
    void revoke_user(const FoldedName& user, TimeMs issued_before, TimeMs expires, std::string_view reason,
                     Callback<void> done);
    /// The first take of a ticket in the log's order succeeds; every other, and one of an expired ticket, is
    /// `bad_token`. Asked twice, it is two takes.
    void take_ticket(std::string_view ticket_id, TimeMs expires, Callback<void> done);

private:
    using Clock = std::chrono::steady_clock;
    /// What a record says; which of it counts depends on its key.
    struct Fields {
        TimeMs expires = 0;
        TimeMs issued_before = 0;
        std::string reason;
    };
    struct Pending {
        Callback<void> done;
        Clock::time_point deadline;
    };
    struct Take {
        std::string key;  // of the record that has it
        TimeMs expires = 0;
    };

    void on_table_record(const TableRecord& record) override;
    void on_slot_current(Slot slot) override;
    [[nodiscard]] static std::string encode(const Fields& fields);
    [[nodiscard]] static std::optional<Fields> decode(std::string_view value);
    [[nodiscard]] Result<void> may_write(const Fields& fields) const;
    void write(const std::string& key, const Fields& fields, Callback<void> done);
    void answer(const std::string& key, const Result<void>& outcome);
    void answer_later(Callback<void> done, Result<void> outcome);
    Result<void> apply(std::string_view key, const Fields& fields);
    [[nodiscard]] Result<void> take(std::string_view key, std::string_view ticket, TimeMs expires);
    void tidy_later(std::string_view key, TimeMs expires);
    void tidy(TimeMs now);
    void sweep();

    boost::asio::io_context& io_;
    TableLog& table_;
    TokenSink& sink_;
    ops::Log& log_;
    WallClock clock_;
    bool is_current_ = false;
    std::unordered_multimap<std::string, Pending> pending_;  // by key
    std::unordered_map<std::string, Take> takes_;            // by ticket
    TimeMs blind_until_ = 0;  // takes that expire up to then may be missing, for want of room
    std::unordered_map<std::string, TimeMs> untidy_;  // keys to delete some time after they have expired
    boost::asio::steady_timer sweep_timer_;
    std::shared_ptr<bool> alive_;
    std::unique_ptr<Following> following_;
};

}  // namespace roomcast::channel
