#include "bench/guest.hpp"

#include <optional>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "bench/dialer.hpp"

namespace roomcast::bench {
namespace {

/// One request on a connection of its own; the answer is complete when the server closes.
class Exchange final : net::ConnectionHandler {
public:
    Exchange(net::Loop& loop, const net::TlsContext& tls, std::string request)
        : request_(std::move(request)),
          dialer_(loop, tls, *this, [this](std::string_view why) { failure_ = why; }) {}

    void start(const Url& url) { dialer_.dial(url); }
    [[nodiscard]] bool done() const { return failure_.has_value(); }
    [[nodiscard]] const std::string& answer() const { return answer_; }
    [[nodiscard]] const std::string& failure() const { return *failure_; }

private:
    void on_ready() override { dialer_.connection()->send(net::SharedFrame::of({request_})); }
    void on_bytes(std::span<char> bytes) override { answer_.append(bytes.data(), bytes.size()); }
    void on_ended(std::string_view why) override { failure_ = why; }

    std::string request_;
    std::string answer_;
    std::optional<std::string> failure_;
    Dialer dialer_;
};

}  // namespace

std::string guest_token(net::Loop& loop, const net::TlsContext& tls, const Url& url,
                        const std::string& nick) {
    const std::string body = nlohmann::json{{"nick", nick}}.dump();
    Exchange exchange(loop, tls,
                      "POST /guest HTTP/1.1\r\nHost: " + url.authority() +
                          "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
                          std::to_string(body.size()) + "\r\n\r\n" + body);
    exchange.start(url);
    while (!exchange.done() && loop.io().run_one() > 0) {
    }
    loop.io().restart();
    const auto& answer = exchange.answer();
    const auto head_end = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 200 ") || head_end == std::string::npos)
        throw std::runtime_error("no guest token from " + url.authority() + ": " +
                                 (answer.empty() ? exchange.failure() : answer.substr(0, answer.find('\r'))));
    return nlohmann::json::parse(answer.substr(head_end + 4)).at("token").get<std::string>();
}

}  // namespace roomcast::bench
