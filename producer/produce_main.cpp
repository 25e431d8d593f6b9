#include <exception>
#include <iostream>

#include "producer/produce.hpp"
#include "shared/ops/settings_parser.hpp"

int main(int argc, char** argv) {
    using namespace roomcast;
    const auto parsed = ops::parse_produce_settings(argc, argv, ops::process_environment());
    if (!parsed.settings) {
        (parsed.exit_code == 0 ? std::cout : std::cerr) << parsed.text << '\n';
        return parsed.exit_code;
    }
    try {
        return producer::run_produce(*parsed.settings);
    } catch (const std::exception& failure) {
        std::cerr << "roomcast-produce: " << failure.what() << '\n';
        return 2;
    }
}
