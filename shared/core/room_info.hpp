#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast {

/// Who asks: a user, and which account that name stands for. Guests have no account, so they own nothing; an
/// account that was deleted and made again is another one.
struct Actor {
    UserName user;
    std::string account;  // empty: a guest

    [[nodiscard]] bool has_account() const { return !account.empty(); }
    bool operator==(const Actor&) const = default;
};

/// A room's incarnation and what its owner has settled. Plain data, as the directory records it and as every
/// edge with members holds it; never shown to clients whole.
struct RoomInfo {
    LogId log;
    Actor owner;  // without an account: nobody owns it
    TimeMs created = 0;
    std::string title{};
    std::string password_hash{};         // bcrypt; empty: public
    std::uint32_t password_version = 0;  // rises with each change of the password
    std::optional<std::int64_t> retention_ms{};
    std::vector<FoldedName> banned{};
    std::uint32_t revision = 0;  // rises with each change of any kind

    [[nodiscard]] bool is_private() const { return !password_hash.empty(); }
    [[nodiscard]] bool owned_by(const Actor& who) const { return who.has_account() && owner == who; }
    [[nodiscard]] bool bans(const FoldedName& who) const;
    bool operator==(const RoomInfo&) const = default;
};

/// The seqs of messages that were deleted from a room, shared between its readers.
using HiddenSeqs = std::shared_ptr<const std::set<Seq>>;

}  // namespace roomcast
