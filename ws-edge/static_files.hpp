#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace roomcast::edge {

/// The web client's files, read into memory once at start.
///
/// Immutable after construction, so every shard may read it. Throws at start-up for a folder that cannot be
/// read. Serves files of known types up to 1 MiB; `/` is index.html.
class StaticFiles {
public:
    struct File {
        std::string content_type;
        std::string body;
        std::string etag;
    };
    explicit StaticFiles(const std::string& folder);
    [[nodiscard]] const File* find(std::string_view path) const;

private:
    std::unordered_map<std::string, File> files_;
};

}  // namespace roomcast::edge
