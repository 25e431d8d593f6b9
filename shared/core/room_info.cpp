#include "shared/core/room_info.hpp"

#include <algorithm>

namespace roomcast {

bool RoomInfo::bans(const FoldedName& who) const {
    return std::find(banned.begin(), banned.end(), who) != banned.end();
}

}  // namespace roomcast
