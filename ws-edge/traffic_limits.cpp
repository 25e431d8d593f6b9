#include "ws-edge/traffic_limits.hpp"

#include "shared/core/limits.hpp"

namespace roomcast::edge {
namespace {

using Wait = TrafficLimits::Wait;

RateLimit a_second(double rate) { return RateLimit{rate, rate * limits::rate_burst_s}; }

std::optional<Wait> refuse(std::uint64_t& count, const char* what, int retry_after_ms) {
    ++count;
    return Wait{what, retry_after_ms};
}

}  // namespace

TrafficLimits::TrafficLimits(const ops::RateSettings& rates)
    : users_(a_second(rates.user_messages), limits::rate_entries),
      addresses_(a_second(rates.address_messages), limits::rate_entries),
      rooms_(a_second(rates.room_messages), limits::rate_entries),
      requests_(a_second(rates.address_requests), limits::rate_entries) {}

std::optional<Wait> TrafficLimits::message(const UserName& user, auth::AddressKey address,
                                           const RoomSlug& room, TimeMs now) {
    if (const auto wait = users_.take(user, now))
        return refuse(refusals_.user, "too many messages of this user", *wait);
    if (const auto wait = addresses_.take(address, now))
        return refuse(refusals_.address, "too many messages from this address", *wait);
    if (const auto wait = rooms_.take(room, now))
        return refuse(refusals_.room, "too many messages to this room", *wait);
    return std::nullopt;
}

std::optional<Wait> TrafficLimits::request(auth::AddressKey address, TimeMs now) {
    if (const auto wait = requests_.take(address, now))
        return refuse(refusals_.requests, "too many requests from this address", *wait);
    return std::nullopt;
}

}  // namespace roomcast::edge
