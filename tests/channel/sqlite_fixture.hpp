#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "shared/channel/sqlite/sqlite_channel.hpp"
#include "tests/channel/channel_contract.hpp"

namespace roomcast::channel::sqlite {

/// A new directory under /tmp that goes with the object.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "roomcast-sqlite-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A channel in a directory of its own, or a second look at the directory of another.
class SqliteFixture : public contract::ChannelFixture {
public:
    explicit SqliteFixture(SqliteOptions options = {}) : options_(std::move(options)) {
        if (options_.data_dir.empty()) options_.data_dir = directory_.emplace().path();
        open();
    }

    boost::asio::io_context& io() override { return io_; }
    Appender& appender() override { return *channel_; }
    contract::RecordingListener& listener() override { return listener_; }
    LogReader& reader() override { return *channel_; }
    LogAdmin& admin() override { return *channel_; }
    using ChannelFixture::table;
    TableLog& table(Table table) override { return channel_->table(table); }

    [[nodiscard]] const std::filesystem::path& data_dir() const { return options_.data_dir; }
    [[nodiscard]] SqliteOptions& options() { return options_; }
    void close() { channel_.reset(); }
    void open() {
        channel_ = SqliteChannel::open_read_write(io_, options_);
        channel_->report_to(listener_);
    }
    void reopen() {
        close();
        open();
    }

private:
    SqliteOptions options_;
    std::optional<TemporaryDirectory> directory_;
    boost::asio::io_context io_;
    contract::RecordingListener listener_;
    std::unique_ptr<SqliteChannel> channel_;
};

/// The looker-on beside a server: shares the server's loop, and has no listener since it cannot append.
class ReadOnlyFixture : public contract::ChannelFixture {
public:
    explicit ReadOnlyFixture(SqliteFixture& server)
        : server_(server), channel_(SqliteChannel::open_read_only(server.io(), server.data_dir())) {}

    boost::asio::io_context& io() override { return server_.io(); }
    Appender& appender() override { return *channel_; }
    contract::RecordingListener& listener() override { return listener_; }
    LogReader& reader() override { return *channel_; }
    LogAdmin& admin() override { return *channel_; }
    using ChannelFixture::table;
    TableLog& table(Table table) override { return channel_->table(table); }

private:
    SqliteFixture& server_;
    contract::RecordingListener listener_;
    std::unique_ptr<SqliteChannel> channel_;
};

}  // namespace roomcast::channel::sqlite
