#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include "tests/ws-echo/echo_server.hpp"

int main(int argc, char** argv) {
    roomcast::echo::EchoSettings settings;
    CLI::App app{"Echoes every WebSocket message, on the layers that Roomcast's edge stands on.", "ws-echo"};
    app.add_option("--listen", settings.listen, "address")->capture_default_str();
    app.add_option("--port", settings.port, "port; 0 for any free one, which is then printed")
        ->capture_default_str();
    auto* const cert =
        app.add_option("--tls-cert", settings.tls_cert, "certificate chain (PEM): wss in place of ws");
    auto* const key = app.add_option("--tls-key", settings.tls_key, "its key (PEM)");
    cert->needs(key);
    key->needs(cert);
    app.add_option("--message-bytes", settings.message_bytes, "the largest message; past it, close 1009")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
    CLI11_PARSE(app, argc, argv);

    try {
        boost::asio::io_context io(1);
        const roomcast::echo::EchoServer server(io, settings);
        boost::asio::signal_set signals(io, SIGINT, SIGTERM);
        signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
        std::cout << "ws-echo: " << (settings.tls_cert.empty() ? "ws" : "wss") << "://" << settings.listen
                  << ':' << server.port() << std::endl;
        io.run();
    } catch (const std::exception& error) {
        std::cerr << "ws-echo: error: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
