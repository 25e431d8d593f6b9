#pragma once

#include <cstdint>
#include <optional>

#include "shared/auth/client_address.hpp"
#include "shared/core/bucket_table.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/time.hpp"
#include "shared/ops/settings.hpp"

namespace roomcast::edge {

/// How many messages a second a user, an address and a room may send, and how many requests an address: over
/// all shards of this edge.
///
/// A part of Core, on its thread. What a session may send is counted by the session itself. A rate of 0 is no
/// limit.
class TrafficLimits {
public:
    struct Wait {
        const char* what;
        int retry_after_ms;
    };

    /// How often each limit was met.
    struct Refusals {
        std::uint64_t user = 0;
        std::uint64_t address = 0;
        std::uint64_t room = 0;
        std::uint64_t requests = 0;
    };

    explicit TrafficLimits(const ops::RateSettings& rates);
    /// Whose allowance is used up, if one is.
    [[nodiscard]] std::optional<Wait> message(const UserName& user, auth::AddressKey address,
                                              const RoomSlug& room, TimeMs now);
    [[nodiscard]] std::optional<Wait> request(auth::AddressKey address, TimeMs now);
    [[nodiscard]] const Refusals& refusals() const { return refusals_; }

private:
    BucketTable<UserName> users_;
    BucketTable<auth::AddressKey> addresses_;
    BucketTable<RoomSlug> rooms_;
    BucketTable<auth::AddressKey> requests_;
    Refusals refusals_;
};

}  // namespace roomcast::edge
