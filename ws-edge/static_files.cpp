#include "ws-edge/static_files.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <openssl/sha.h>
#include <zlib.h>

namespace roomcast::edge {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t file_bytes_most = 1024 * 1024;
constexpr int gzip_window_bits = 15 + 16;  // the largest window, and 16 asks zlib for gzip's header
constexpr int gzip_memory_level = 9;

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

std::string digest_of(const std::string& body) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
    std::ostringstream text;
    text << std::hex;
    for (std::size_t i = 0; i < 8; ++i) text << int{digest[i] >> 4} << int{digest[i] & 15};
    return text.str();
}

/// Empty if zlib fails, as it does without memory.
std::string gzipped(const std::string& plain) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window_bits, gzip_memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return {};
    std::string packed(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));  // zlib only reads it
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    packed.resize(whole ? stream.total_out : 0);
    deflateEnd(&stream);
    return packed;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Cuts off what stands before the separator, and the separator.
std::string_view take_part(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return trimmed(part);
}

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// A weight of nothing: `q=0`, `q=0.000`.
bool is_refusal(std::string_view parameter) {
    if (parameter.size() < 3 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=')
        return false;
    return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool takes_gzip(std::string_view accept_encoding) {
    bool any = false;
    while (!accept_encoding.empty()) {
        auto offer = take_part(accept_encoding, ',');
        const auto coding = take_part(offer, ';');
        bool refused = false;
        while (!offer.empty()) refused = is_refusal(take_part(offer, ';')) || refused;
        if (same_word(coding, "gzip")) return !refused;
        if (coding == "*") any = !refused;
    }
    return any;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
    while (!if_none_match.empty()) {
        auto name = take_part(if_none_match, ',');
        if (name == "*") return true;
        if (name.starts_with("W/")) name.remove_prefix(2);
        if (name == etag) return true;
    }
    return false;
}

StaticFiles::StaticFiles(const std::string& folder) {
    if (!fs::is_directory(folder))
        throw std::runtime_error("the web client's folder cannot be read: " + folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        add("/" + fs::relative(entry.path(), folder).generic_string(), entry.path());
    }
    // Its modules alone: what else is there (its packages, its types) is for those who develop it.
    const auto sdk = fs::canonical(folder).parent_path() / "sdk";
    if (!fs::is_regular_file(sdk / "roomcast.js")) return;
    for (const auto& entry : fs::directory_iterator(sdk)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".js") continue;
        add("/sdk/" + entry.path().filename().string(), entry.path());
    }
}

void StaticFiles::add(const std::string& path, const std::string& file) {
    const auto type = type_of(fs::path(file).extension().string());
    if (type.empty() || fs::file_size(file) > file_bytes_most) return;
    std::ifstream in(file, std::ios::binary);
    std::ostringstream body;
    body << in.rdbuf();
    File made{std::string(type), {body.str(), {}}, {}};
    const auto digest = digest_of(made.plain.body);
    made.plain.etag = '"' + digest + '"';
    made.gzip = {gzipped(made.plain.body), '"' + digest + "-gzip\""};
    if (made.gzip.body.size() >= made.plain.body.size()) made.gzip = {};
    files_.insert_or_assign(path, std::move(made));
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
    const auto found = files_.find(path == "/" ? std::string("/index.html") : std::string(path));
    return found == files_.end() ? nullptr : &found->second;
}

net::http::Response StaticFiles::answer(const net::http::Request& request) const {
    const File* const file = find(request.path());
    if (file == nullptr) return net::http::error_response(Error{Errc::not_found, {}});
    const bool packed = !file->gzip.body.empty() &&
                        takes_gzip(request.header("accept-encoding").value_or(std::string_view{}));
    const Form& form = packed ? file->gzip : file->plain;
    net::http::Response response;
    // Asked for anew at each visit: modules of two releases must not meet in one page.
    response.headers = {
        {"ETag", form.etag},
        {"Cache-Control", "no-cache"},
        {"Vary", "Accept-Encoding"},
        {"Content-Security-Policy",
         "default-src 'self'; connect-src 'self' wss: ws:; frame-ancestors 'none'; base-uri 'none'; "
         "form-action 'self'"},
        {"Referrer-Policy", "no-referrer"}};
    if (names_etag(request.header("if-none-match").value_or(std::string_view{}), form.etag)) {
        response.status = 304;
        response.content_type.clear();
        return response;
    }
    response.content_type = file->content_type;
    if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = form.body;
    return response;
}

}  // namespace roomcast::edge
