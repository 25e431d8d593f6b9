#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/core/ids.hpp"

namespace roomcast::ops {

/// The environment as a value, so that a test needs no setenv.
using Environment = std::map<std::string, std::string>;

/// What a program can be told, each option with its flag, its environment variable, its default and its
/// check. The check is one for all: a value from the environment fails as one from the command line does.
///
/// Lives while settings are parsed, on one thread; the settings that the options write to must outlive it.
/// Nothing throws for what a user wrote: `parse` answers with a line that names the flag or variable, what it
/// was, and what it may be.
class OptionTable {
public:
    /// Takes over a text, or answers what it should have been ("a number from 1 to 9").
    using Take = std::function<std::optional<std::string>(const std::string& text)>;

    struct Failure {
        int exit_code = 0;  // 0: --help was asked for
        std::string text;
    };

    OptionTable(std::string program, std::string about)
        : program_(std::move(program)), about_(std::move(about)) {}

    /// A flag with any value but an empty one.
    void text(const std::string& flag, std::string& target, const std::string& help);
    /// One that may be empty.
    void optional_text(const std::string& flag, std::string& target, const std::string& help);
    void choice(const std::string& flag, std::string& target, std::vector<std::string> choices,
                const std::string& help);
    /// A numeric IPv4 or IPv6 address.
    void address(const std::string& flag, std::string& target, const std::string& help);
    /// A node's id; `%h` in it stands for this machine's host name.
    void node(const std::string& flag, NodeId& target, const std::string& help);
    /// A host's name or address, likewise with `%h`.
    void host(const std::string& flag, std::string& target, const std::string& help);
    void on_off(const std::string& flag, bool& target, const std::string& help);
    /// A flag that needs no value on the command line (`--local`, but `--local=off` too); on or off in the
    /// environment.
    void bare(const std::string& flag, bool& target, const std::string& help);

    template <class Integer>
    void number(const std::string& flag, Integer& target, std::int64_t least, std::int64_t most,
                const std::string& help) {
        add(flag, "N", std::to_string(target), help,
            integer_taker(least, most,
                          [&target](std::int64_t value) { target = static_cast<Integer>(value); }));
    }
    void number(const std::string& flag, std::optional<std::int64_t>& target, const std::string& help);

    void add(const std::string& flag, const std::string& value_name, const std::string& shown_default,
             const std::string& help, Take take);
    /// A required argument without a flag.
    void positional(const std::string& name, const std::string& help, Take take);
    /// One more variable for a flag that was added, of less weight than its own.
    void also_from(const std::string& flag, const std::string& variable);

    [[nodiscard]] std::vector<std::string> variables() const;
    [[nodiscard]] std::optional<Failure> parse(int argc, const char* const* argv,
                                               const Environment& environment) const;
    [[nodiscard]] Failure failure(const std::string& what) const;

private:
    struct Option {
        std::string name;  // --port, or ROOM
        std::string value_name;
        std::string shown_default;
        std::string help;
        std::vector<std::string> variables;  // the first that is set counts
        Take take;
        bool bare = false;
        bool positional = false;
    };
    static Take integer_taker(std::int64_t least, std::int64_t most,
                              const std::function<void(std::int64_t)>& store);
    [[nodiscard]] std::optional<std::string> take(const Option& option, std::optional<std::string> given,
                                                  const Environment& environment) const;

    std::string program_;
    std::string about_;
    std::vector<Option> options_;
};

}  // namespace roomcast::ops
