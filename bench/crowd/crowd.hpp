#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "bench/crowd/client.hpp"
#include "bench/crowd/dialect.hpp"
#include "bench/url.hpp"

namespace roomcast::bench {

/// Many clients on one thread, opened so many at a time, and the loop that serves them.
///
/// Owned by a run; the run is the clients' handler and tells when one has arrived.
class Crowd {
public:
    struct Door {
        Url url;  // the path is the dialect's
        std::string token;
        std::string ca;            // PEM; empty: the server's certificate is not checked
        bool only_tls = false;     // no upgrade: the handshake is all
        bool deflate = false;      // permessage-deflate is offered
        std::size_t at_once = 64;  // connections on their way
    };

    Crowd(Door door, Client::Handler& handler);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// The number of a new client that asks for `target`. Opened when its turn comes.
    std::size_t add(const std::string& target, int receive_bytes = 0);
    void open();
    /// One that was on its way is in, or has failed: the next one may come.
    void arrived();
    [[nodiscard]] Client& client(std::size_t number) { return *clients_[number]; }
    [[nodiscard]] std::size_t size() const { return clients_.size(); }
    /// Of all clients.
    [[nodiscard]] std::uint64_t frame_bytes() const;
    /// Serves what is ready, waiting at most until then.
    void serve(std::int64_t until_ns);

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    void open_next();

    Door door_;
    Client::Handler& handler_;
    Poller poller_;
    std::unique_ptr<SSL_CTX, Free> tls_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::deque<Client::Target> targets_;  // by number, until the client is open
    std::vector<int> receive_bytes_;
    std::size_t opened_ = 0;
};

}  // namespace roomcast::bench
