#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "shared/net/http.hpp"

namespace roomcast::edge {

/// The web client's files, read into memory and compressed once, at start.
///
/// Immutable after construction, so every shard may read it. Throws at start-up for a folder that cannot be
/// read. Serves files of known types up to 1 MiB; `/` is index.html. Where the SDK lies beside the folder, as
/// it does in web/, its modules are served under `/sdk/`.
class StaticFiles {
public:
    /// One file as it goes over the wire in one encoding.
    struct Form {
        std::string body;
        std::string etag;
    };
    struct File {
        std::string content_type;
        Form plain;
        Form gzip;  // empty where that would not be smaller
    };
    explicit StaticFiles(const std::string& folder);
    [[nodiscard]] const File* find(std::string_view path) const;
    /// The answer to a GET or HEAD: the file as the client takes it, 304 for what it has, or `not_found`.
    [[nodiscard]] net::http::Response answer(const net::http::Request& request) const;

private:
    void add(const std::string& path, const std::string& file);

    std::unordered_map<std::string, File> files_;
};

/// Whether an Accept-Encoding lets gzip be sent.
[[nodiscard]] bool takes_gzip(std::string_view accept_encoding);
/// Whether an If-None-Match names that entity.
[[nodiscard]] bool names_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace roomcast::edge
