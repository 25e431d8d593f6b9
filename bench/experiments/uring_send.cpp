// What one system call for a whole turn would save: the same 1,000 small writes to 1,000 TCP sockets by
// `send`, and by io_uring with one `io_uring_enter`. A child process reads. Prints the CPU of the writing
// thread for each write. Not part of the build; see docs/decisions/0025-sends-by-io-uring.md.
//
//   g++ -O2 -std=c++20 bench/experiments/uring_send.cpp -o build/uring_send && build/uring_send
#include <arpa/inet.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr unsigned sockets = 1000;
constexpr unsigned ring_entries = 1024;
constexpr int turns = 150;
constexpr int rounds = 3;
constexpr useconds_t pause_us = 15'000;
char message[262];  // a TLS record with a message of 100 bytes of text

void require(bool holds, const char* what) {
    if (holds) return;
    std::perror(what);
    std::exit(1);
}

double cpu_us() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

class Ring {
public:
    Ring() {
        io_uring_params params{};
        params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
        fd_ = static_cast<int>(::syscall(SYS_io_uring_setup, ring_entries, &params));
        require(fd_ >= 0, "io_uring_setup");
        sq_ = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
        cq_ = map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
        sqes_ =
            reinterpret_cast<io_uring_sqe*>(map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
        off_ = params;
    }
    void send(int fd) {
        const unsigned tail = *word(sq_, off_.sq_off.tail);
        const unsigned index = tail & *word(sq_, off_.sq_off.ring_mask);
        io_uring_sqe& entry = sqes_[index];
        std::memset(&entry, 0, sizeof entry);
        entry.opcode = IORING_OP_SEND;
        entry.fd = fd;
        entry.addr = reinterpret_cast<std::uintptr_t>(message);
        entry.len = sizeof message;
        entry.msg_flags = MSG_NOSIGNAL;
        word(sq_, off_.sq_off.array)[index] = index;
        std::atomic_ref(*word(sq_, off_.sq_off.tail)).store(tail + 1, std::memory_order_release);
    }
    void submit(unsigned count) {
        require(::syscall(SYS_io_uring_enter, fd_, count, count, IORING_ENTER_GETEVENTS, nullptr, 0) ==
                    static_cast<long>(count),
                "io_uring_enter");
        const unsigned tail = std::atomic_ref(*word(cq_, off_.cq_off.tail)).load(std::memory_order_acquire);
        std::atomic_ref(*word(cq_, off_.cq_off.head)).store(tail, std::memory_order_release);
    }

private:
    char* map(std::size_t bytes, off_t offset) const {
        void* const at =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, offset);
        require(at != MAP_FAILED, "mmap");
        return static_cast<char*>(at);
    }
    static unsigned* word(char* ring, unsigned offset) { return reinterpret_cast<unsigned*>(ring + offset); }
    int fd_;
    char* sq_;
    char* cq_;
    io_uring_sqe* sqes_;
    io_uring_params off_{};
};

[[noreturn]] void read_all(const std::vector<int>& fds) {
    const int epoll = ::epoll_create1(0);
    for (const int fd : fds) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    static char into[64 * 1024];
    epoll_event ready[512];
    for (;;) {
        const int count = ::epoll_wait(epoll, ready, 512, -1);
        for (int i = 0; i < count; ++i)
            if (::recv(ready[i].data.fd, into, sizeof into, 0) == 0) std::exit(0);
    }
}

}  // namespace

int main() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    ::listen(listener, 128);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::vector<int> writers, readers;
    for (unsigned i = 0; i < sockets; ++i) {
        readers.push_back(::socket(AF_INET, SOCK_STREAM, 0));
        require(::connect(readers.back(), reinterpret_cast<sockaddr*>(&address), size) == 0, "connect");
        writers.push_back(::accept(listener, nullptr, nullptr));
        const int one = 1;
        ::setsockopt(writers.back(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (::fork() == 0) {
        for (const int fd : writers) ::close(fd);
        read_all(readers);
    }
    Ring ring;
    const auto measure = [&](auto turn) {
        const double before = cpu_us();
        for (int i = 0; i < turns; ++i) {
            turn();
            ::usleep(pause_us);
        }
        return (cpu_us() - before) / (turns * static_cast<double>(sockets));
    };
    for (int round = 0; round < rounds; ++round) {
        const double plain = measure([&] {
            for (const int fd : writers)
                require(::send(fd, message, sizeof message, MSG_NOSIGNAL) > 0, "send");
        });
        const double batched = measure([&] {
            for (const int fd : writers) ring.send(fd);
            ring.submit(sockets);
        });
        std::printf("send %.2f us, io_uring %.2f us (x %.2f)\n", plain, batched, batched / plain);
    }
}
