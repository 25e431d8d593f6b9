#pragma once

#include <string>

#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast {

/// An account as its table records it. Plain data; never shown to clients whole.
struct AccountInfo {
    UserName name;
    FoldedName folded;
    Epoch id;  // of the request that made it: a name that was deleted and registered again has another
    std::string password_hash;
    TimeMs created = 0;
    TimeMs password_changed = 0;

    bool operator==(const AccountInfo&) const = default;
};

}  // namespace roomcast
