#include "shared/ops/readiness.hpp"

#include <stdexcept>

namespace roomcast::ops {

Readiness::Readiness(std::initializer_list<std::string_view> names) {
    for (const auto name : names) conditions_.emplace_back(name);
}

Readiness::Condition& Readiness::condition(std::string_view name) {
    for (auto& condition : conditions_)
        if (condition.name() == name) return condition;
    throw std::out_of_range("there is no readiness condition " + std::string(name));
}

std::vector<std::string> Readiness::missing() const {
    std::vector<std::string> names;
    for (const auto& condition : conditions_)
        if (!condition.holds()) names.push_back(condition.name());
    return names;
}

}  // namespace roomcast::ops
