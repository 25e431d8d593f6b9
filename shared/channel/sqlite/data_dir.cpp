#include "shared/channel/sqlite/data_dir.hpp"

#include <cerrno>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace roomcast::channel::sqlite {
namespace {

std::runtime_error failed(const std::string& what, const std::filesystem::path& path) {
    return std::runtime_error(what + " " + path.string() + ": " + std::generic_category().message(errno));
}

std::string holder_of(int fd) {
    char text[32];
    const auto size = ::pread(fd, text, sizeof text, 0);
    return size > 0 ? " (process " + std::string(text, static_cast<std::size_t>(size)) + ")" : "";
}

}  // namespace

DataDirLock::DataDirLock(const std::filesystem::path& data_dir) {
    std::filesystem::create_directories(data_dir);
    const auto path = data_dir / "roomcast.lock";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) throw failed("cannot open", path);
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        const bool taken = errno == EWOULDBLOCK;
        auto error = taken ? std::runtime_error("the data directory " + data_dir.string() +
                                                " is in use by another server" + holder_of(fd_) +
                                                "; stop it, or give this one a data directory of its own")
                           : failed("cannot lock", path);
        ::close(fd_);
        throw error;
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0) {
        auto error = failed("cannot write", path);
        ::close(fd_);
        throw error;
    }
}

DataDirLock::~DataDirLock() { ::close(fd_); }

std::filesystem::path database_path(const std::filesystem::path& data_dir) {
    return data_dir / "roomcast.db";
}

void sync_directory(const std::filesystem::path& directory) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw failed("cannot open", directory);
    const int synced = ::fsync(fd);
    ::close(fd);
    if (synced != 0) throw failed("cannot sync", directory);
}

}  // namespace roomcast::channel::sqlite
