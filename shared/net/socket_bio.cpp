#include "shared/net/socket_bio.hpp"

#include <climits>
#include <cstdint>
#include <memory>
#include <sys/socket.h>

#include "shared/net/io_outcome.hpp"

namespace roomcast::net {
namespace {

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int write_some(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(fd_of(bio), bytes, size, MSG_NOSIGNAL);
    if (sent < 0) {
        if (try_again()) BIO_set_retry_write(bio);
        return -1;
    }
    *written = static_cast<std::size_t>(sent);
    return 1;
}

int read_some(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    BIO_clear_retry_flags(bio);
    const ssize_t received = ::recv(fd_of(bio), into, size, 0);
    if (received < 0) {
        if (try_again()) BIO_set_retry_read(bio);
        return -1;
    }
    if (received == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        return 0;
    }
    *got = static_cast<std::size_t>(received);
    return 1;
}

long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

struct Free {
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
};

/// One for the process, made when it is first asked for; null when there is no memory.
const BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, Free> made = [] {
        std::unique_ptr<BIO_METHOD, Free> fresh(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "roomcast socket"));
        if (fresh) {
            BIO_meth_set_write_ex(fresh.get(), write_some);
            BIO_meth_set_read_ex(fresh.get(), read_some);
            BIO_meth_set_ctrl(fresh.get(), control);
        }
        return fresh;
    }();
    return made.get();
}

}  // namespace

BIO* make_socket_bio(int fd) {
    if (method() == nullptr) return nullptr;
    BIO* const bio = BIO_new(method());
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace roomcast::net
