#include "shared/channel/account_directory.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::channel {
namespace {
constexpr auto sweep_every = std::chrono::milliseconds(250);
constexpr auto unused_slot_kept = std::chrono::seconds(60);
}  // namespace

AccountDirectory::AccountDirectory(boost::asio::io_context& io, TableLog& table, ops::Log& log)
    : io_(io), table_(table), log_(log), sweep_timer_(io), alive_(std::make_shared<bool>(true)) {
    sweep();
}

AccountDirectory::~AccountDirectory() { *alive_ = false; }

AccountDirectory::SlotState& AccountDirectory::use(Slot slot) {
    auto& state = slots_[slot];
    if (!state) {
        state = std::make_unique<SlotState>();
        state->following = table_.follow(slot, *this);
    }
    state->last_use = Clock::now();
    return *state;
}

void AccountDirectory::keep(const std::vector<Slot>& slots) {
    kept_ = std::set<Slot>(slots.begin(), slots.end());
    for (const Slot slot : slots) use(slot);
}

bool AccountDirectory::current() const {
    return std::ranges::all_of(kept_, [this](Slot slot) {
        const auto found = slots_.find(slot);
        return found != slots_.end() && found->second->is_current;
    });
}

void AccountDirectory::find(const FoldedName& folded, Callback<AccountInfo> done) {
    AccountInfo info;
    info.folded = folded;
    ask({.kind = Kind::find, .info = std::move(info), .done = std::move(done)});
}

void AccountDirectory::create(AccountInfo info, Epoch attempt, Callback<AccountInfo> done) {
    ask({.kind = Kind::create,
         .info = std::move(info),
         .attempt = std::move(attempt),
         .done = std::move(done)});
}

void AccountDirectory::change_password(const FoldedName& folded, std::string hash, TimeMs now,
                                       Callback<AccountInfo> done) {
    AccountInfo info;
    info.folded = folded;
    info.password_hash = std::move(hash);
    info.password_changed = now;
    ask({.kind = Kind::change_password, .info = std::move(info), .done = std::move(done)});
}

void AccountDirectory::remove(const FoldedName& folded, Callback<void> done) {
    AccountInfo info;
    info.folded = folded;
    ask({.kind = Kind::remove,
         .info = std::move(info),
         .done = [done = std::move(done)](const Result<AccountInfo>& removed) {
             if (!removed) return done(removed.error());
             done({});
         }});
}

void AccountDirectory::ask(Request request) {
    const bool full = waiting_ >= limits::account_requests;
    if (full || request.info.password_hash.size() > limits::password_hash_bytes) {
        boost::asio::post(
            io_, [alive = alive_, done = std::move(request.done), why = full ? Errc::busy : Errc::too_large] {
                if (*alive) done(why);
            });
        return;
    }
    const FoldedName folded = request.info.folded;
    request.deadline = Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms);
    use(slot_of(folded));
    ++waiting_;
    requests_[folded].push_back(std::move(request));
    boost::asio::post(io_, [this, alive = alive_, folded] {
        if (*alive) advance(folded);
    });
}

void AccountDirectory::advance(const FoldedName& folded) {
    const auto asked = requests_.find(folded);
    if (asked == requests_.end()) return;
    SlotState& slot = use(slot_of(folded));
    if (!slot.is_current) return;
    struct Answer {
        Callback<AccountInfo> done;
        Result<AccountInfo> outcome;
    };
    std::vector<Answer> answers;
    auto& queue = asked->second;
    // Nobody who only looks waits for the changes of others.
    std::erase_if(queue, [&](Request& request) {
        if (request.kind != Kind::find) return false;
        answers.push_back({std::move(request.done), outcome(slot.accounts, request)});
        return true;
    });
    while (!queue.empty() && queue.front().key.empty()) {
        if (auto known = begin(slot.accounts, queue.front())) {
            answers.push_back({std::move(queue.front().done), std::move(*known)});
            queue.pop_front();
        }
    }
    if (queue.empty()) requests_.erase(asked);
    waiting_ -= answers.size();
    const auto alive = alive_;
    for (auto& answer : answers) {
        if (!*alive) return;
        answer.done(std::move(answer.outcome));
    }
}

std::optional<Result<AccountInfo>> AccountDirectory::begin(const SlotAccounts& accounts, Request& request) {
    const FoldedName& folded = request.info.folded;
    const AccountRecord* const holder = accounts.find(folded);
    if (request.kind == Kind::create) {
        if (holder != nullptr) return outcome(accounts, request);
        const AccountRecord record{{folded, make_epoch()}, request.info, request.attempt, std::nullopt};
        append(request, record.key, encode_account_record(record));
        return std::nullopt;
    }
    if (holder == nullptr) return Errc::not_found;
    if (request.kind == Kind::change_password) {
        AccountRecord record = *holder;
        record.info.password_hash = request.info.password_hash;
        record.info.password_changed = request.info.password_changed;
        append(request, record.key, encode_account_record(record));
        return std::nullopt;
    }
    // Those that lost the name go first, or one of them would have it next.
    const auto keys = accounts.all_of(folded);
    clean_up(slot_of(folded), {keys.begin() + 1, keys.end()});
    append(request, keys.front(), std::nullopt);
    return std::nullopt;
}

void AccountDirectory::append(Request& request, const AccountKey& key, std::optional<std::string> value) {
    request.key = encode_account_key(key);
    request.value = value;
    table_.append(slot_of(key.folded), request.key, std::move(value),
                  [this, alive = alive_, folded = key.folded, text = request.key](const Result<Seq>& kept) {
                      // What was kept, or may have been, is answered when it is read back.
                      if (!*alive || kept || kept.error().code == Errc::unknown_outcome) return;
                      answer(folded, text, Error{Errc::unavailable, kept.error().detail});
                  });
}

void AccountDirectory::answer(const FoldedName& folded, const std::string& key,
                              const Result<AccountInfo>& outcome) {
    const auto asked = requests_.find(folded);
    if (asked == requests_.end() || asked->second.front().key != key) return;
    const auto done = std::move(asked->second.front().done);
    asked->second.pop_front();
    --waiting_;
    if (asked->second.empty()) requests_.erase(asked);
    const auto alive = alive_;
    done(outcome);
    if (*alive) advance(folded);
}

Result<AccountInfo> AccountDirectory::outcome(const SlotAccounts& accounts, const Request& request) {
    const AccountRecord* const holder = accounts.find(request.info.folded);
    switch (request.kind) {
        case Kind::create:
            if (holder == nullptr) return Error{Errc::unavailable, "the account was deleted as it was made"};
            if (holder->attempt != request.attempt) return Errc::name_taken;
            return holder->info;
        case Kind::remove:
            return request.info;
        case Kind::change_password:
            // It crossed the account's deletion, and the name may be another's by now.
            if (holder == nullptr || encode_account_key(holder->key) != request.key) return Errc::not_found;
            return holder->info;
        case Kind::find:
            break;
    }
    if (holder == nullptr) return Errc::not_found;
    return holder->info;
}

void AccountDirectory::on_table_record(const TableRecord& record) {
    const auto found = slots_.find(record.slot);
    if (found == slots_.end()) return;
    SlotState& slot = *found->second;
    const auto superfluous = slot.accounts.apply(record.seq, record.key, record.value);
    if (!slot.is_current) return;
    clean_up(record.slot, superfluous);
    const auto key = parse_account_key(record.key);
    if (!key) return;
    const auto asked = requests_.find(key->folded);
    if (asked == requests_.end()) return;
    const Request& front = asked->second.front();
    const bool mine = front.key == record.key && front.value.has_value() == record.value.has_value() &&
                      (!front.value || *front.value == *record.value);
    if (mine) answer(key->folded, front.key, outcome(slot.accounts, front));
}

void AccountDirectory::on_slot_current(Slot slot) {
    const auto found = slots_.find(slot);
    if (found == slots_.end()) return;
    found->second->is_current = true;
    clean_up(slot, found->second->accounts.superfluous());
    std::vector<FoldedName> names;
    for (const auto& [folded, waiting] : requests_)
        if (slot_of(folded) == slot) names.push_back(folded);
    const auto alive = alive_;
    for (const auto& folded : names) {
        if (!*alive) return;
        advance(folded);
    }
}

void AccountDirectory::clean_up(Slot slot, const std::vector<AccountKey>& keys) {
    for (const auto& key : keys) {
        log_.info("account_record_superfluous", {{"slot", slot.value}, {"epoch", key.epoch.str()}});
        table_.append(slot, encode_account_key(key), std::nullopt, [](const Result<Seq>&) {});
    }
}

void AccountDirectory::sweep() {
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([this, alive = alive_](boost::system::error_code stopped) {
        if (stopped || !*alive) return;
        const auto now = Clock::now();
        std::vector<Callback<AccountInfo>> late;
        std::vector<FoldedName> names;
        for (auto& [folded, queue] : requests_) {
            const auto before = late.size();
            std::erase_if(queue, [&](Request& request) {
                if (request.deadline > now) return false;
                late.push_back(std::move(request.done));
                return true;
            });
            if (late.size() > before) names.push_back(folded);
        }
        waiting_ -= late.size();
        std::erase_if(requests_, [](const auto& entry) { return entry.second.empty(); });
        std::erase_if(slots_, [&](const auto& entry) {
            return !kept_.contains(entry.first) && entry.second->last_use + unused_slot_kept < now;
        });
        sweep();
        for (const auto& done : late) {
            done(Error{Errc::unavailable, "the accounts are out of reach"});
            if (!*alive) return;
        }
        for (const auto& folded : names) {
            if (requests_.contains(folded)) advance(folded);
            if (!*alive) return;
        }
    });
}

}  // namespace roomcast::channel
