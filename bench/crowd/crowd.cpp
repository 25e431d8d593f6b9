#include "bench/crowd/crowd.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdexcept>

namespace roomcast::bench {
namespace {

sockaddr_in address_of(const Url& url) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found); error != 0)
        throw std::runtime_error(url.host + ": " + ::gai_strerror(error));
    const sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    ::freeaddrinfo(found);
    return address;
}

}  // namespace

Crowd::Crowd(Door door, Client::Handler& handler) : door_(std::move(door)), handler_(handler) {
    if (!door_.url.tls) return;
    tls_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(tls_.get(), TLS1_3_VERSION);
    SSL_CTX_set_read_ahead(tls_.get(), 1);
    SSL_CTX_set_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (door_.ca.empty()) return;
    if (SSL_CTX_load_verify_locations(tls_.get(), door_.ca.c_str(), nullptr) != 1)
        throw std::runtime_error("cannot use the CA certificate " + door_.ca);
    SSL_CTX_set_verify(tls_.get(), SSL_VERIFY_PEER, nullptr);
}

Crowd::~Crowd() = default;

std::size_t Crowd::add(const std::string& target, int receive_bytes) {
    Client::Target made;
    made.tls = tls_.get();
    made.host = door_.url.host;
    made.request = "GET " + target + " HTTP/1.1\r\nHost: " + door_.url.authority() +
                   "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: cm9vbWNhc3QtYmVuY2gtMQ==\r\n";
    if (!door_.token.empty()) made.request += "Authorization: Bearer " + door_.token + "\r\n";
    if (door_.deflate) made.request += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    made.request += "\r\n";
    targets_.push_back(std::move(made));
    receive_bytes_.push_back(receive_bytes);
    const std::size_t number = clients_.size();
    clients_.push_back(std::make_unique<Client>(poller_, handler_, number));
    return number;
}

void Crowd::open() {
    const sockaddr_in address = address_of(door_.url);
    for (auto& target : targets_) target.address = address;
    for (std::size_t i = 0; i < door_.at_once; ++i) open_next();
}

void Crowd::open_next() {
    if (opened_ == clients_.size()) return;
    const std::size_t number = opened_++;
    clients_[number]->start(targets_[number], receive_bytes_[number]);
}

void Crowd::arrived() { open_next(); }

std::uint64_t Crowd::frame_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& client : clients_) sum += client->frame_bytes();
    return sum;
}

void Crowd::serve(std::int64_t until_ns) {
    for (const auto& event : poller_.wait(until_ns))
        static_cast<Client*>(event.data.ptr)->on_ready(event.events);
}

}  // namespace roomcast::bench
