#include "shared/channel/token_log.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"

namespace roomcast::channel {
namespace {

using nlohmann::json;

constexpr auto sweep_every = std::chrono::milliseconds(250);
constexpr std::size_t tidied_at_once = 256;
constexpr Slot only_slot{0};

constexpr std::string_view token_prefix = "token/";    // token/<id>
constexpr std::string_view user_prefix = "user/";      // user/<folded>/<issued_before>
constexpr std::string_view ticket_prefix = "ticket/";  // ticket/<id>/<random>: each take has its own

std::string join(std::string_view prefix, std::string_view id) { return std::string(prefix).append(id); }

bool good_id(std::string_view id) {
    return !id.empty() && id.size() <= limits::token_id_bytes && valid_utf8(id);
}

/// What stands between the prefix and the last '/': the id may have others.
std::optional<std::string_view> id_before_last_slash(std::string_view key, std::string_view prefix) {
    const auto slash = key.rfind('/');
    if (!key.starts_with(prefix) || slash < prefix.size()) return std::nullopt;
    return key.substr(prefix.size(), slash - prefix.size());
}

}  // namespace

TokenLog::TokenLog(boost::asio::io_context& io, TableLog& table, TokenSink& sink, ops::Log& log,
                   WallClock clock)
    : io_(io),
      table_(table),
      sink_(sink),
      log_(log),
      clock_(clock),
      sweep_timer_(io),
      alive_(std::make_shared<bool>(true)),
      following_(table.follow(only_slot, *this)) {
    sweep();
}

TokenLog::~TokenLog() { *alive_ = false; }

std::string TokenLog::encode(const Fields& fields) {
    json value;
    value["expires"] = format_rfc3339(fields.expires);
    if (fields.issued_before != 0) value["issued_before"] = format_rfc3339(fields.issued_before);
    if (!fields.reason.empty()) value["reason"] = fields.reason;
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<TokenLog::Fields> TokenLog::decode(std::string_view value) {
    const json parsed = json::parse(value, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    const auto text = [&](const char* name) {
        const auto found = parsed.find(name);
        return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    const auto expires = parse_rfc3339(text("expires"));
    if (!expires) return std::nullopt;
    return Fields{*expires, parse_rfc3339(text("issued_before")).value_or(0), text("reason")};
}

void TokenLog::revoke(std::string_view token_id, TimeMs expires, std::string_view reason,
                      Callback<void> done) {
    if (!good_id(token_id)) return answer_later(std::move(done), Errc::bad_token);
    write(join(token_prefix, token_id), {expires, 0, std::string(reason)}, std::move(done));
}

void TokenLog::revoke_user(const FoldedName& user, TimeMs issued_before, TimeMs expires,
                           std::string_view reason, Callback<void> done) {
    // A key for each time: of two revocations that cross, compaction keeps both.
    write(join(user_prefix, user.str()) + "/" + std::to_string(issued_before),
          {expires, issued_before, std::string(reason)}, std::move(done));
}

void TokenLog::take_ticket(std::string_view ticket_id, TimeMs expires, Callback<void> done) {
    const auto taken = takes_.find(std::string(ticket_id));
    if (!good_id(ticket_id) || expires <= clock_() || taken != takes_.end())
        return answer_later(std::move(done), Errc::bad_token);
    if (takes_.size() >= limits::tickets_remembered) return answer_later(std::move(done), Errc::busy);
    write(join(ticket_prefix, ticket_id) + "/" + make_epoch().str(), {expires, 0, {}}, std::move(done));
}

Result<void> TokenLog::may_write(const Fields& fields) const {
    if (fields.reason.size() > limits::token_reason_bytes) return Errc::too_large;
    if (fields.expires > clock_() + limits::token_log_retention_ms)
        return Error{Errc::internal, "it lives longer than the token log remembers"};
    if (pending_.size() >= limits::token_requests) return Errc::busy;
    return {};
}

void TokenLog::write(const std::string& key, const Fields& fields, Callback<void> done) {
    if (fields.expires <= clock_()) return answer_later(std::move(done), {});
    if (auto refused = may_write(fields); !refused) return answer_later(std::move(done), std::move(refused));
    const auto deadline = Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms);
    pending_.emplace(key, Pending{std::move(done), deadline});
    tidy_later(key, fields.expires);
    table_.append(only_slot, key, encode(fields), [this, alive = alive_, key](const Result<Seq>& kept) {
        // What was kept, or may have been, is answered when it is read back.
        if (!*alive || kept || kept.error().code == Errc::unknown_outcome) return;
        answer(key, Error{Errc::unavailable, kept.error().detail});
    });
}

void TokenLog::answer(const std::string& key, const Result<void>& outcome) {
    const auto [first, last] = pending_.equal_range(key);
    std::vector<Callback<void>> waiting;
    for (auto each = first; each != last; ++each) waiting.push_back(std::move(each->second.done));
    pending_.erase(first, last);
    for (const auto& done : waiting) answer_later(done, outcome);
}

void TokenLog::answer_later(Callback<void> done, Result<void> outcome) {
    boost::asio::post(io_, [alive = alive_, done = std::move(done), outcome = std::move(outcome)] {
        if (*alive) done(outcome);
    });
}

void TokenLog::on_table_record(const TableRecord& record) {
    const std::string key(record.key);
    if (!record.value) {
        untidy_.erase(key);
        return;
    }
    const auto fields = decode(*record.value);
    if (!fields) return;
    if (!is_current_ && fields->expires <= clock_()) tidy_later(key, fields->expires);
    answer(key, apply(key, *fields));
}

Result<void> TokenLog::apply(std::string_view key, const Fields& fields) {
    const bool expired = fields.expires <= clock_();
    if (const auto ticket = id_before_last_slash(key, ticket_prefix))
        return expired ? Result<void>(Errc::bad_token) : take(key, *ticket, fields.expires);
    if (expired) return {};
    if (key.starts_with(token_prefix)) {
        sink_.on_token_revoked(key.substr(token_prefix.size()), fields.expires, fields.reason);
    } else if (const auto user = id_before_last_slash(key, user_prefix)) {
        if (const auto folded = FoldedName::parse(*user))
            sink_.on_user_revoked(*folded, fields.issued_before, fields.expires, fields.reason);
    }
    return {};
}

Result<void> TokenLog::take(std::string_view key, std::string_view ticket, TimeMs expires) {
    std::string id(ticket);
    const auto taken = takes_.find(id);
    if (taken != takes_.end()) {
        if (taken->second.key == key) return {};  // the same record, shown again
        return Errc::bad_token;
    }
    // Where an earlier take may have been forgotten, nobody knows who was the first.
    const bool full = takes_.size() >= limits::tickets_remembered;
    if (full) {
        if (blind_until_ <= clock_())
            log_.warn("too_many_tickets", {{"remembered", limits::tickets_remembered}});
        blind_until_ = std::max(blind_until_, expires);
    }
    if (expires <= blind_until_) return Errc::busy;
    takes_.emplace(std::move(id), Take{std::string(key), expires});
    return {};
}

void TokenLog::on_slot_current(Slot) { is_current_ = true; }

void TokenLog::tidy_later(std::string_view key, TimeMs expires) {
    if (untidy_.size() < limits::token_records_tidied) untidy_.emplace(key, expires);
}

void TokenLog::tidy(TimeMs now) {
    std::vector<std::string> keys;
    for (const auto& [key, expires] : untidy_) {
        if (keys.size() >= tidied_at_once) break;
        if (expires + limits::token_tidy_after_ms <= now) keys.push_back(key);
    }
    for (const auto& key : keys) {
        untidy_.erase(key);
        table_.append(only_slot, key, std::nullopt, [](const Result<Seq>&) {});
    }
}

void TokenLog::sweep() {
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([this, alive = alive_](boost::system::error_code stopped) {
        if (stopped || !*alive) return;
        const auto late = Clock::now();
        std::erase_if(pending_, [&](auto& entry) {
            if (entry.second.deadline > late) return false;
            answer_later(std::move(entry.second.done),
                         Error{Errc::unavailable, "the token log is out of reach"});
            return true;
        });
        const TimeMs now = clock_();
        std::erase_if(takes_, [&](const auto& entry) { return entry.second.expires <= now; });
        tidy(now);
        sweep();
    });
}

}  // namespace roomcast::channel
