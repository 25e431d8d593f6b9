#pragma once

#include <atomic>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::ops {

/// Whether this node should be sent clients: all of a few named conditions, such as "kafka" or "workers".
///
/// Owned by main, and outlives whoever holds a condition. The names are fixed at construction and none holds
/// at first. Any thread may set and ask at any time.
class Readiness {
public:
    class Condition {
    public:
        explicit Condition(std::string_view name) : name_(name) {}
        void set(bool holds) { holds_.store(holds, std::memory_order_relaxed); }
        [[nodiscard]] bool holds() const { return holds_.load(std::memory_order_relaxed); }
        [[nodiscard]] const std::string& name() const { return name_; }

    private:
        std::string name_;
        std::atomic<bool> holds_{false};
    };

    Readiness(std::initializer_list<std::string_view> names);

    /// Throws std::out_of_range for a name that was not given: look conditions up at start and keep the
    /// reference.
    [[nodiscard]] Condition& condition(std::string_view name);

    [[nodiscard]] bool ready() const { return missing().empty(); }
    /// The names of the conditions that do not hold.
    [[nodiscard]] std::vector<std::string> missing() const;

private:
    std::deque<Condition> conditions_;
};

}  // namespace roomcast::ops
