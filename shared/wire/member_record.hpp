#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"

namespace roomcast::wire {

/// A worker's announcement in the members topic: where its link is and which slots it owns.
/// JSON: `{"host","port","slots":[…],"announced":"RFC 3339"}`.
struct MemberRecord {
    std::string host;
    std::uint16_t port = 0;
    std::vector<Slot> slots;
    TimeMs announced = 0;
};
[[nodiscard]] std::string encode_member(const MemberRecord& member);
[[nodiscard]] std::optional<MemberRecord> decode_member(std::string_view value);

}  // namespace roomcast::wire
