#include <exception>
#include <iostream>

#include "consumer/worker.hpp"
#include "shared/ops/health_check.hpp"
#include "shared/ops/settings_parser.hpp"

int main(int argc, char** argv) {
    using namespace roomcast;
    const auto parsed = ops::parse_worker_settings(argc, argv, ops::process_environment());
    if (!parsed.settings) {
        (parsed.exit_code == 0 ? std::cout : std::cerr) << parsed.text << '\n';
        return parsed.exit_code;
    }
    try {
        if (parsed.settings->health_check)
            return ops::check_health(parsed.settings->ops_listen, parsed.settings->ops_port, std::cout);
        return consumer::run_worker(*parsed.settings);
    } catch (const std::exception& failure) {
        std::cerr << "roomcast-worker: " << failure.what() << '\n';
        return 2;
    }
}
