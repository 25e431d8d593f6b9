#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "shared/core/names.hpp"
#include "ws-edge/messages.hpp"

namespace roomcast::edge {

/// One HTTP request on its way to its one answer. Shared by the steps that lead there; the shard may have
/// lost the client by then, and drops the answer.
class Exchange {
public:
    using Send = std::function<void(net::http::Response)>;

    Exchange(HttpTask task, Send send) : task_(std::move(task)), send_(std::move(send)) {}

    [[nodiscard]] const net::http::Request& request() const { return task_.request; }
    [[nodiscard]] const auth::AddressKey& address() const { return task_.address; }
    [[nodiscard]] bool tls() const { return task_.tls; }
    /// Only where the route needs a token.
    [[nodiscard]] const auth::Claims& claims() const { return *task_.claims; }
    [[nodiscard]] Actor actor() const {
        return Actor{claims().user, claims().guest ? "" : claims().account_id};
    }
    [[nodiscard]] FoldedName folded() const { return fold_name(claims().user); }

    void answer(net::http::Response response) {
        if (auto send = std::exchange(send_, nullptr)) send(std::move(response));
    }
    void fail(const Error& error) { answer(net::http::error_response(error)); }
    void fail(Errc code) { fail(Error{code, {}}); }

private:
    HttpTask task_;
    Send send_;
};
using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace roomcast::edge
