#include "producer/import_room.hpp"

#include <algorithm>
#include <ranges>

namespace roomcast::producer {
namespace {

constexpr std::string_view overtaken = "not sent: later lines of its room are, and it would come after them";
constexpr std::string_view perhaps_overtaken =
    "not sent: later lines of its room may be, and it would come after them";
constexpr std::string_view perhaps_sent = "it is not known whether it was sent";

std::string_view exhausted(const ImportItem& item) {
    return item.maybe_kept ? perhaps_sent : "not sent: the log was out of reach each time";
}

}  // namespace

RetryPlan plan_retries(std::vector<FailedItem> failed, std::uint64_t last_kept_line, int most_tries,
                       std::int64_t unknown_age_ms, TimeMs now) {
    std::ranges::sort(failed, {}, [](const FailedItem& one) { return one.item.line; });
    RetryPlan plan;
    bool later_unknown = false;
    for (auto& [item, error] : std::views::reverse(failed)) {
        const bool unknown = error.code == Errc::unknown_outcome;
        const bool too_old = item.maybe_kept && now - item.record.time > unknown_age_ms;
        if (item.line < last_kept_line) {
            plan.given_up.emplace_back(std::move(item), item.maybe_kept ? perhaps_sent : overtaken);
        } else if (!unknown && later_unknown) {
            plan.given_up.emplace_back(std::move(item), item.maybe_kept ? perhaps_sent : perhaps_overtaken);
        } else if (item.tries >= most_tries || too_old) {
            plan.given_up.emplace_back(std::move(item), exhausted(item));
        } else {
            plan.again.push_back(std::move(item));
        }
        later_unknown = later_unknown || unknown;
    }
    std::ranges::reverse(plan.again);
    std::ranges::reverse(plan.given_up);
    return plan;
}

}  // namespace roomcast::producer
