#include <csignal>
#include <set>
#include <spawn.h>
#include <sys/wait.h>

#include "tests/channel/kafka_fixture.hpp"

// The workers' group: who owns which slots.
namespace roomcast::channel::kafka_test {
namespace {

using test::pump_until;

class RecordingOwnership final : public OwnershipSink {
public:
    std::vector<Slot> slots;
    int changes = 0;
    void on_slots_owned(const std::vector<Slot>& now) override {
        slots = now;
        ++changes;
        CHECK(std::ranges::is_sorted(now));
    }
};

struct Member {
    Member(boost::asio::io_context& io, const kafka::KafkaConfig& config)
        : membership(kafka::make_group_membership(io, config, ownership)) {}
    RecordingOwnership ownership;
    std::unique_ptr<GroupMembership> membership;
};

kafka::KafkaConfig group_config(const std::string& prefix) {
    auto config = config_for(prefix);
    config.session_timeout_ms = 2'000;
    return config;
}

/// All slots, each with exactly one of them.
bool share_all(const Member& one, const Member& other) {
    std::set<Slot> all(one.ownership.slots.begin(), one.ownership.slots.end());
    all.insert(other.ownership.slots.begin(), other.ownership.slots.end());
    return all.size() == slot_count &&
           one.ownership.slots.size() + other.ownership.slots.size() == slot_count;
}

bool owns_all(const Member& member) { return member.ownership.slots.size() == slot_count; }

constexpr const char* other_process = "kafka: (for another test) a member that lives until it is killed";
constexpr const char* prefix_variable = "ROOMCAST_TEST_PREFIX";

TEST_CASE("kafka: two members share all slots, and one that leaves hands its share over at once") {
    boost::asio::io_context io;
    const auto config = group_config(new_prefix());
    make_base_topics(io, config);
    Member stays(io, config);
    REQUIRE(pump_until(io, [&] { return owns_all(stays); }));
    Member leaves(io, config);
    REQUIRE(pump_until(io, [&] { return share_all(stays, leaves) && !leaves.ownership.slots.empty(); }));
    CHECK(stays.ownership.slots.size() == slot_count / 2);

    bool left = false;
    leaves.membership->leave([&left] { left = true; });
    REQUIRE(pump_until(
        io, [&] { return left; }, std::chrono::seconds(3)));
    REQUIRE(pump_until(
        io, [&] { return owns_all(stays); }, std::chrono::seconds(3)));
}

TEST_CASE("kafka: a member that is destroyed hands its slots over without waiting for its session to end") {
    boost::asio::io_context io;
    auto config = group_config(new_prefix());
    config.session_timeout_ms = 30'000;
    make_base_topics(io, config);
    Member stays(io, config);
    auto goes = std::make_unique<Member>(io, config);
    REQUIRE(pump_until(io, [&] {
        return share_all(stays, *goes) && !goes->ownership.slots.empty() && !stays.ownership.slots.empty();
    }));
    const auto start = std::chrono::steady_clock::now();
    goes.reset();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::milliseconds(100));
    REQUIRE(pump_until(
        io, [&] { return owns_all(stays); }, std::chrono::seconds(5)));
}

TEST_CASE("kafka: the slots of a member that was killed come to the others when its session has ended") {
    boost::asio::io_context io;
    const auto prefix = new_prefix();
    const auto config = group_config(prefix);
    make_base_topics(io, config);
    Member stays(io, config);
    REQUIRE(pump_until(io, [&] { return owns_all(stays); }));

    ::setenv(prefix_variable, prefix.c_str(), 1);
    const std::string only = std::string("--test-case=") + other_process;
    std::string program = "/proc/self/exe";
    std::string no_skip = "--no-skip";
    std::vector<char*> arguments = {program.data(), const_cast<char*>(only.c_str()), no_skip.data(), nullptr};
    pid_t child = 0;
    REQUIRE(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) == 0);
    ::unsetenv(prefix_variable);
    const bool shared = pump_until(io, [&] { return stays.ownership.slots.size() == slot_count / 2; });
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    REQUIRE(shared);
    REQUIRE(pump_until(
        io, [&] { return owns_all(stays); }, std::chrono::seconds(6)));
}

TEST_CASE("kafka: (for another test) a member that lives until it is killed" * doctest::skip()) {
    const char* prefix = std::getenv(prefix_variable);
    if (prefix == nullptr) return;
    boost::asio::io_context io;
    const Member member(io, group_config(prefix));
    static_cast<void>(pump_until(
        io, [] { return false; }, std::chrono::seconds(60)));
}

}  // namespace
}  // namespace roomcast::channel::kafka_test
