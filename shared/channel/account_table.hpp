#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/channel/channel.hpp"
#include "shared/core/account_info.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::channel {

/// The key of one creation: `<folded>/<epoch>`. A name may hold a '/', an epoch cannot: the last one
/// separates.
struct AccountKey {
    FoldedName folded;
    Epoch epoch;
    auto operator<=>(const AccountKey&) const = default;
};
[[nodiscard]] std::string encode_account_key(const AccountKey& key);
[[nodiscard]] std::optional<AccountKey> parse_account_key(std::string_view key);

/// The record of an account:
/// `{"user","password_hash","created","password_changed","attempt"[,"created_at"]}`. `attempt` names the
/// request that made it. `created_at` is the seq of the creation record; a change carries it, so that order
/// is judged by it also after compaction.
struct AccountRecord {
    AccountKey key;
    AccountInfo info;
    Epoch attempt;
    std::optional<Seq> created_at;
};
[[nodiscard]] std::string encode_account_record(const AccountRecord& record);
[[nodiscard]] std::optional<AccountRecord> decode_account_record(const AccountKey& key,
                                                                 std::string_view value);

/// The accounts of one slot, as the order of its log decides: of several creations of one name the first one
/// that is not deleted wins. Every reader of the slot sees the same winner, before and after compaction.
/// Pure: records in, winner out.
///
/// A change that stands behind the deletion of its own account (they crossed) would bring it back; it is not
/// taken, and told as a stray, to be deleted again. So many deletions are remembered for that:
/// limits::account_graves_per_slot.
class SlotAccounts {
public:
    /// Takes the slot's next record. The keys that it makes superfluous: creations that lost their name to
    /// another, and strays.
    std::vector<AccountKey> apply(Seq seq, std::string_view key, std::optional<std::string_view> value);
    /// Who has the name; its created_at is always there.
    [[nodiscard]] const AccountRecord* find(const FoldedName& folded) const;
    /// Everybody under the name, the winner first.
    [[nodiscard]] std::vector<AccountKey> all_of(const FoldedName& folded) const;
    /// All that `apply` has told and that is not deleted yet.
    [[nodiscard]] std::vector<AccountKey> superfluous() const;
    [[nodiscard]] std::size_t size() const { return living_.size(); }

private:
    void bury(const AccountKey& key);

    std::unordered_map<FoldedName, std::vector<AccountRecord>> living_;  // by creation
    struct Grave {
        AccountKey key;
        bool stray = false;
    };
    std::deque<Grave> graves_;
};

}  // namespace roomcast::channel
