#include "ws-edge/static_files.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <openssl/sha.h>

namespace roomcast::edge {
namespace {

constexpr std::uintmax_t file_bytes_most = 1024 * 1024;

std::string_view type_of(const std::string& extension) {
    if (extension == ".html") return "text/html; charset=utf-8";
    if (extension == ".css") return "text/css; charset=utf-8";
    if (extension == ".js" || extension == ".mjs") return "text/javascript; charset=utf-8";
    if (extension == ".svg") return "image/svg+xml";
    if (extension == ".png") return "image/png";
    if (extension == ".ico") return "image/x-icon";
    if (extension == ".json" || extension == ".webmanifest") return "application/json";
    return {};
}

std::string etag_of(const std::string& body) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
    std::ostringstream text;
    text << '"' << std::hex;
    for (std::size_t i = 0; i < 8; ++i) text << int{digest[i] >> 4} << int{digest[i] & 15};
    text << '"';
    return text.str();
}

}  // namespace

StaticFiles::StaticFiles(const std::string& folder) {
    namespace fs = std::filesystem;
    if (!fs::is_directory(folder))
        throw std::runtime_error("the web client's folder cannot be read: " + folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const auto type = type_of(entry.path().extension().string());
        if (!entry.is_regular_file() || type.empty() || entry.file_size() > file_bytes_most) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        std::ostringstream body;
        body << in.rdbuf();
        File file{std::string(type), body.str(), {}};
        file.etag = etag_of(file.body);
        files_.emplace("/" + fs::relative(entry.path(), folder).generic_string(), std::move(file));
    }
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
    const auto found = files_.find(path == "/" ? std::string("/index.html") : std::string(path));
    return found == files_.end() ? nullptr : &found->second;
}

}  // namespace roomcast::edge
