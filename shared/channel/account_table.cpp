#include "shared/channel/account_table.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::channel {
using nlohmann::json;

std::string encode_account_key(const AccountKey& key) { return key.folded.str() + "/" + key.epoch.str(); }

std::optional<AccountKey> parse_account_key(std::string_view key) {
    const auto slash = key.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto folded = FoldedName::parse(key.substr(0, slash));
    auto epoch = Epoch::parse(key.substr(slash + 1));
    if (!folded || !epoch) return std::nullopt;
    return AccountKey{std::move(*folded), std::move(*epoch)};
}

std::string encode_account_record(const AccountRecord& record) {
    json value;
    value["user"] = record.info.name.str();
    value["password_hash"] = record.info.password_hash;
    value["created"] = format_rfc3339(record.info.created);
    value["password_changed"] = format_rfc3339(record.info.password_changed);
    value["attempt"] = record.attempt.str();
    if (record.created_at) value["created_at"] = record.created_at->value;
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<AccountRecord> decode_account_record(const AccountKey& key, std::string_view value) {
    const json parsed = json::parse(value, nullptr, false);
    if (!parsed.is_object()) return std::nullopt;
    const auto text = [&](const char* name) {
        const auto found = parsed.find(name);
        return found != parsed.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    auto name = UserName::parse(text("user"));
    auto attempt = Epoch::parse(text("attempt"));
    auto hash = text("password_hash");
    if (!name || !attempt || hash.empty() || hash.size() > limits::password_hash_bytes) return std::nullopt;
    AccountRecord record;
    record.key = key;
    record.info = {std::move(*name),
                   key.folded,
                   *attempt,
                   std::move(hash),
                   parse_rfc3339(text("created")).value_or(0),
                   parse_rfc3339(text("password_changed")).value_or(0)};
    record.attempt = std::move(*attempt);
    const auto created_at = parsed.find("created_at");
    if (created_at != parsed.end() && created_at->is_number_integer())
        record.created_at = Seq{created_at->get<std::int64_t>()};
    return record;
}

std::vector<AccountKey> SlotAccounts::apply(Seq seq, std::string_view text,
                                            std::optional<std::string_view> value) {
    auto key = parse_account_key(text);
    if (!key) return {};
    const auto same = [&key](const AccountRecord& one) { return one.key == *key; };
    if (!value) {
        const auto held = living_.find(key->folded);
        if (held != living_.end()) {
            std::erase_if(held->second, same);
            if (held->second.empty()) living_.erase(held);
        }
        bury(*key);
        return {};
    }
    auto record = decode_account_record(*key, *value);
    if (!record) return {};
    if (const auto grave = std::ranges::find(graves_, *key, &Grave::key); grave != graves_.end()) {
        grave->stray = true;
        return {std::move(*key)};
    }
    auto& living = living_[key->folded];
    const auto before = living.empty() ? std::nullopt : std::optional(living.front().key);
    const auto known = std::ranges::find_if(living, same);
    if (!record->created_at) record->created_at = known != living.end() ? known->created_at : seq;
    std::erase_if(living, same);
    const auto behind = std::ranges::find_if(
        living, [&](const AccountRecord& other) { return *record->created_at < *other.created_at; });
    living.insert(behind, std::move(*record));
    if (living.front().key != *key) return {std::move(*key)};
    // Compaction moved the older creation's record behind this one: the older creation wins all the same.
    if (before && *before != *key) return {*before};
    return {};
}

const AccountRecord* SlotAccounts::find(const FoldedName& folded) const {
    const auto held = living_.find(folded);
    return held == living_.end() ? nullptr : &held->second.front();
}

std::vector<AccountKey> SlotAccounts::all_of(const FoldedName& folded) const {
    std::vector<AccountKey> keys;
    const auto held = living_.find(folded);
    if (held != living_.end())
        for (const auto& one : held->second) keys.push_back(one.key);
    return keys;
}

std::vector<AccountKey> SlotAccounts::superfluous() const {
    std::vector<AccountKey> keys;
    for (const auto& [folded, living] : living_)
        for (std::size_t i = 1; i < living.size(); ++i) keys.push_back(living[i].key);
    for (const auto& grave : graves_)
        if (grave.stray) keys.push_back(grave.key);
    return keys;
}

void SlotAccounts::bury(const AccountKey& key) {
    if (const auto grave = std::ranges::find(graves_, key, &Grave::key); grave != graves_.end()) {
        grave->stray = false;
        return;
    }
    if (graves_.size() >= limits::account_graves_per_slot) graves_.pop_front();
    graves_.push_back({key, false});
}

}  // namespace roomcast::channel
