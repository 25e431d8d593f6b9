// The HTTP request reader: however the bytes are cut, it gives the same requests and the same failure.

#include <algorithm>
#include <vector>

#include "shared/core/limits.hpp"
#include "shared/net/http.hpp"
#include "shared/net/websocket.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::net::http {
namespace {

using fuzz::require;
constexpr std::size_t requests_most = 16;  // pipelined in one input
constexpr std::size_t kept_back_most =
    4;  // of a chunk's end, that the reader does not look at until there are more

struct Outcome {
    std::vector<Request> requests;
    std::optional<Errc> failed;
    std::size_t kept_back = 0;  // bytes not looked at yet, where nothing failed

    /// Whether the end of the input left something open that one byte more would have decided.
    [[nodiscard]] bool is_open() const { return !failed && kept_back > 0 && kept_back <= kept_back_most; }
};

Outcome read(std::string_view bytes, std::size_t piece) {
    RequestReader reader;
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::string part(bytes.substr(at, piece));
        at += part.size();
        std::span<const char> more = part;
        while (true) {
            auto request = reader.feed(more);
            more = {};
            if (!request) {
                outcome.failed = request.error().code;
                return outcome;
            }
            if (!*request) break;
            outcome.requests.push_back(std::move(**request));
            if (outcome.requests.size() == requests_most) return outcome;
        }
    }
    outcome.kept_back = reader.take_rest().size();
    return outcome;
}

bool same(const Request& a, const Request& b) {
    return a.method == b.method && a.target == b.target && a.headers == b.headers && a.body == b.body &&
           a.keep_alive == b.keep_alive && a.wants_websocket == b.wants_websocket;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

void check_request(const Request& request) {
    require(request.body.size() <= limits::http_body_bytes, "no body is above its limit");
    require(!request.method.empty() && !request.target.empty(), "a request has a method and a target");
    require(request.target.starts_with(request.path()), "the path is where the target begins");
    for (const auto& [name, value] : request.headers) {
        require(request.header(name).has_value(), "a header that is there is found");
        require(value.find_first_of("\r\n") == std::string::npos, "no header's value holds an end of line");
    }
    if (request.wants_websocket)
        require(ws::valid_key(request.header("SEC-WEBSOCKET-KEY").value_or("")), "an upgrade has a key");
    for (const char* name : {"room", "last", "since", "epoch"}) (void)request.query(name);
    require(percent_decode(percent_encoded(request.target)) == request.target, "percent-encoding is undone");
    (void)percent_decode(request.target);
}

void check(fuzz::Input input) {
    const std::size_t piece = std::size_t{input.byte()} + 2;
    // A head that is not complete may be refused at once or not yet, which depends on the cut: so it is ended
    // here.
    const std::string bytes = input.rest() + "\r\n\r\n";
    const Outcome whole = read(bytes, SIZE_MAX);
    for (const Request& request : whole.requests) check_request(request);
    for (const std::size_t size : {std::size_t{1}, piece}) {
        if (size == 1 && bytes.size() > 2048) continue;  // slow, and the pieces say the same
        const Outcome cut = read(bytes, size);
        require(cut.failed == whole.failed || cut.is_open() || whole.is_open(),
                "cut in pieces the same fails");
        require(std::ranges::equal(cut.requests, whole.requests, same), "cut in pieces the same is read");
    }
    if (whole.failed) {
        const auto answer = serialize(error_response(Error{*whole.failed, bytes}), false);
        require(answer.starts_with("HTTP/1.1 4"), "what fails is the client's mistake");
    }
}

}  // namespace
}  // namespace roomcast::net::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::net::http::check({data, size});
    return 0;
}
