#include <exception>
#include <iostream>

#include "consumer/replay.hpp"
#include "shared/ops/settings_parser.hpp"

int main(int argc, char** argv) {
    using namespace roomcast;
    const auto parsed = ops::parse_replay_settings(argc, argv, ops::process_environment());
    if (!parsed.settings) {
        (parsed.exit_code == 0 ? std::cout : std::cerr) << parsed.text << '\n';
        return parsed.exit_code;
    }
    try {
        return consumer::run_replay(*parsed.settings);
    } catch (const std::exception& failure) {
        std::cerr << "roomcast-replay: " << failure.what() << '\n';
        return 2;
    }
}
