#pragma once

#include <filesystem>

namespace roomcast::channel::sqlite {

/// The lock that the one server of a data directory holds, from construction to destruction (or the end of
/// the process, however it ends). Makes the directory when it is missing. Throws std::runtime_error that
/// names the process which has it.
class DataDirLock {
public:
    explicit DataDirLock(const std::filesystem::path& data_dir);
    ~DataDirLock();
    DataDirLock(const DataDirLock&) = delete;
    DataDirLock& operator=(const DataDirLock&) = delete;

private:
    int fd_ = -1;
};

[[nodiscard]] std::filesystem::path database_path(const std::filesystem::path& data_dir);

/// Makes the names of new files in `directory` survive a power cut.
void sync_directory(const std::filesystem::path& directory);

}  // namespace roomcast::channel::sqlite
