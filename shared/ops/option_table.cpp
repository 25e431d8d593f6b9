#include "shared/ops/option_table.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace roomcast::ops {
namespace {

constexpr int exit_code_usage = 2;
constexpr std::size_t shown_value_bytes = 80;  // of a wrong value in a message

std::string variable_of(const std::string& flag) {
    std::string name = "ROOMCAST_";
    for (const char c : flag.substr(2))
        name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return name;
}

std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text;
}

std::string shown(const std::string& value) {
    return "'" +
           one_line(value.size() > shown_value_bytes ? value.substr(0, shown_value_bytes) + "..." : value) +
           "'";
}

/// Nodes that are started from one template, as the replicas of a container are, differ by their host names
/// alone.
std::string with_host_name(std::string text) {
    static constexpr std::string_view placeholder = "%h";
    std::array<char, 256> name{};
    const auto at = text.find(placeholder);
    if (at == std::string::npos || gethostname(name.data(), name.size() - 1) != 0) return text;
    return text.replace(at, placeholder.size(), name.data());
}

OptionTable::Take switch_taker(bool& target) {
    return [&target](const std::string& text) -> std::optional<std::string> {
        if (text != "on" && text != "off") return "on or off";
        target = text == "on";
        return std::nullopt;
    };
}

/// Arguments for CLI11, last first as it wants them. `--flag=` becomes two, since CLI11 would take the next
/// one as the value.
std::vector<std::string> arguments(int argc, const char* const* argv) {
    std::vector<std::string> args;
    for (int i = 1; i < argc; ++i) {
        std::string arg = argv[i];
        const bool empty_value =
            arg.starts_with("--") && arg.ends_with('=') && arg.find('=') == arg.size() - 1;
        if (empty_value) arg.pop_back();
        args.push_back(std::move(arg));
        if (empty_value) args.emplace_back();
    }
    std::reverse(args.begin(), args.end());
    return args;
}

}  // namespace

OptionTable::Take OptionTable::integer_taker(std::int64_t least, std::int64_t most,
                                             const std::function<void(std::int64_t)>& store) {
    return [=](const std::string& text) -> std::optional<std::string> {
        std::int64_t value = 0;
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end || value < least || value > most)
            return "a number from " + std::to_string(least) + " to " + std::to_string(most);
        store(value);
        return std::nullopt;
    };
}

void OptionTable::number(const std::string& flag, std::optional<std::int64_t>& target,
                         const std::string& help) {
    add(flag, "N", "", help, integer_taker(0, INT64_MAX, [&target](std::int64_t value) { target = value; }));
}

void OptionTable::text(const std::string& flag, std::string& target, const std::string& help) {
    add(flag, "TEXT", target, help, [&target](const std::string& text) -> std::optional<std::string> {
        if (text.empty()) return "a text that is not empty";
        target = text;
        return std::nullopt;
    });
}

void OptionTable::optional_text(const std::string& flag, std::string& target, const std::string& help) {
    add(flag, "TEXT", target, help, [&target](const std::string& text) -> std::optional<std::string> {
        target = text;
        return std::nullopt;
    });
}

void OptionTable::choice(const std::string& flag, std::string& target, std::vector<std::string> choices,
                         const std::string& help) {
    std::string list;
    for (const auto& choice : choices) list += (list.empty() ? "" : "|") + choice;
    add(flag, list, target, help,
        [&target, choices = std::move(choices), list](const std::string& text) -> std::optional<std::string> {
            if (std::find(choices.begin(), choices.end(), text) == choices.end()) return "one of " + list;
            target = text;
            return std::nullopt;
        });
}

void OptionTable::address(const std::string& flag, std::string& target, const std::string& help) {
    add(flag, "ADDRESS", target, help, [&target](const std::string& text) -> std::optional<std::string> {
        std::array<unsigned char, sizeof(in6_addr)> bytes{};
        if (inet_pton(AF_INET, text.c_str(), bytes.data()) != 1 &&
            inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
            return "a numeric IP address";
        target = text;
        return std::nullopt;
    });
}

void OptionTable::node(const std::string& flag, NodeId& target, const std::string& help) {
    add(flag, "ID", target.str(), help, [&target](const std::string& text) -> std::optional<std::string> {
        auto id = NodeId::parse(with_host_name(text));
        if (!id) return "1 to 64 letters, digits, '.', '_' or '-', a letter or digit first";
        target = std::move(*id);
        return std::nullopt;
    });
}

void OptionTable::host(const std::string& flag, std::string& target, const std::string& help) {
    add(flag, "HOST", target, help, [&target](const std::string& text) -> std::optional<std::string> {
        if (text.empty()) return "a host's name or address";
        target = with_host_name(text);
        return std::nullopt;
    });
}

void OptionTable::on_off(const std::string& flag, bool& target, const std::string& help) {
    add(flag, "on|off", target ? "on" : "off", help, switch_taker(target));
}

void OptionTable::bare(const std::string& flag, bool& target, const std::string& help) {
    add(flag, "", target ? "on" : "off", help, switch_taker(target));
    options_.back().bare = true;
}

void OptionTable::add(const std::string& flag, const std::string& value_name,
                      const std::string& shown_default, const std::string& help, Take take) {
    options_.push_back({flag, value_name, shown_default, help, {variable_of(flag)}, std::move(take)});
}

void OptionTable::positional(const std::string& name, const std::string& help, Take take) {
    options_.push_back({name, name, "", help, {}, std::move(take), false, true});
}

void OptionTable::also_from(const std::string& flag, const std::string& variable) {
    for (auto& option : options_)
        if (option.name == flag) option.variables.push_back(variable);
}

std::vector<std::string> OptionTable::variables() const {
    std::vector<std::string> names;
    for (const auto& option : options_)
        names.insert(names.end(), option.variables.begin(), option.variables.end());
    return names;
}

OptionTable::Failure OptionTable::failure(const std::string& what) const {
    return {exit_code_usage, program_ + ": " + one_line(what) + " (--help lists what there is)\n"};
}

/// What is wrong with the value that counts: the given one, else the first variable that is set.
std::optional<std::string> OptionTable::take(const Option& option, std::optional<std::string> given,
                                             const Environment& environment) const {
    std::string source = option.name;
    for (auto name = option.variables.begin(); !given && name != option.variables.end(); ++name) {
        const auto found = environment.find(*name);
        if (found == environment.end()) continue;
        source = *name;
        given = found->second;
    }
    if (!given) return option.positional ? std::optional(option.name + " is missing") : std::nullopt;
    const auto wanted = option.take(*given);
    if (!wanted) return std::nullopt;
    return source + " must be " + *wanted + ", not " + shown(*given);
}

std::optional<OptionTable::Failure> OptionTable::parse(int argc, const char* const* argv,
                                                       const Environment& environment) const {
    CLI::App app(about_ + "\nFlags go before the environment, and that before the defaults.\n", program_);
    app.get_formatter()->column_width(32);
    std::vector<CLI::Option*> parsed;
    for (const auto& option : options_) {
        std::string help = option.help;
        if (!option.shown_default.empty()) help += " (default " + option.shown_default + ")";
        for (const auto& variable : option.variables)
            help += (variable == option.variables.front() ? " [" : ", ") + variable;
        if (!option.variables.empty()) help += "]";
        auto* added = option.bare ? app.add_flag(option.name) : app.add_option(option.name);
        added->description(help);
        if (!option.bare) added->type_name(option.positional ? "" : option.value_name)->expected(1);
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        parsed.push_back(added);
    }
    try {
        app.parse(arguments(argc, argv));
    } catch (const CLI::CallForHelp&) {
        return Failure{
            0, app.help() +
                   "Any other KAFKA_* variable becomes a librdkafka property: KAFKA_SASL_MECHANISM is "
                   "sasl.mechanism; KAFKA_SASL_PASSWORD_FILE names a file with sasl.password in it.\n"};
    } catch (const CLI::ParseError& wrong) {
        return failure(wrong.what());
    }
    for (std::size_t i = 0; i < options_.size(); ++i) {
        const auto& given = parsed[i]->results();
        std::optional<std::string> value;
        if (!given.empty()) value = given.back();
        if (options_[i].bare && value == "true") value = "on";  // CLI11's word for a flag without a value
        if (const auto wrong = take(options_[i], value, environment)) return failure(*wrong);
    }
    return std::nullopt;
}

}  // namespace roomcast::ops
