#include "shared/ops/health_check.hpp"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace roomcast::ops {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

asio::ip::address reachable(const std::string& listening) {
    auto address = asio::ip::make_address(listening);
    if (!address.is_unspecified()) return address;
    if (address.is_v6()) return asio::ip::address_v6::loopback();
    return asio::ip::address_v4::loopback();
}

/// One GET, step by step, on a loop of its own; the stream's deadline ends whatever hangs.
class Question {
public:
    explicit Question(const tcp::endpoint& to) {
        stream_.expires_after(std::chrono::milliseconds(health_check_deadline_ms));
        stream_.async_connect(to, [this](beast::error_code failed) {
            if (failed) return end(failed);
            http::async_write(stream_, request_, [this](beast::error_code unsent, std::size_t) {
                if (unsent) return end(unsent);
                http::async_read(stream_, buffer_, response_,
                                 [this](beast::error_code unread, std::size_t) { end(unread); });
            });
        });
        io_.run();
    }

    [[nodiscard]] beast::error_code failed() const { return failed_; }
    [[nodiscard]] const http::response<http::string_body>& response() const { return response_; }

private:
    void end(beast::error_code failed) { failed_ = failed; }

    asio::io_context io_{1};
    beast::tcp_stream stream_{io_};
    http::request<http::empty_body> request_{http::verb::get, "/readyz", 11};
    beast::flat_buffer buffer_;
    http::response<http::string_body> response_;
    beast::error_code failed_;
};

}  // namespace

int check_health(const std::string& address, std::uint16_t port, std::ostream& out) {
    const tcp::endpoint to(reachable(address), port);
    const Question question(to);
    if (question.failed()) {
        out << "no answer from " << to << ": " << question.failed().message() << '\n';
        return 1;
    }
    out << question.response().body() << '\n';
    return question.response().result() == http::status::ok ? 0 : 1;
}

}  // namespace roomcast::ops
