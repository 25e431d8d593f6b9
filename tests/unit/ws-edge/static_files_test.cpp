#include "ws-edge/static_files.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <unistd.h>

#include <doctest/doctest.h>
#include <zlib.h>

namespace roomcast::edge {
namespace {

namespace fs = std::filesystem;
using net::http::Request;
using net::http::Response;

/// A web/ of its own, gone at the end.
struct Web {
    fs::path root;

    Web() {
        std::string pattern = (fs::temp_directory_path() / "roomcast-web-XXXXXX").string();
        root = mkdtemp(pattern.data());
        write("client/index.html", "<p>" + std::string(2000, 'x') + "</p>");
        write("client/files/card.js", "export const a = 1;\n" + std::string(500, ' '));
        write("client/tiny.json", "{}");
        write("client/notes.txt", "not for the web");
    }
    ~Web() { fs::remove_all(root); }

    void write(const std::string& path, const std::string& body) const {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path, std::ios::binary) << body;
    }
    [[nodiscard]] std::string client() const { return root / "client"; }
};

Request get(std::string target, std::vector<std::pair<std::string, std::string>> headers = {}) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    request.headers = std::move(headers);
    return request;
}

std::optional<std::string> header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return {};
}

std::string unpacked(const std::string& packed) {
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string plain(1024 * 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return plain;
}

}  // namespace

TEST_SUITE("static files") {
    TEST_CASE("a file goes compressed to who takes gzip, and unpacks to what it is") {
        const Web web;
        const StaticFiles files(web.client());
        const auto plain = files.answer(get("/"));
        const auto packed = files.answer(get("/", {{"Accept-Encoding", "gzip, deflate, br"}}));
        CHECK(plain.status == 200);
        CHECK(packed.status == 200);
        CHECK_FALSE(header(plain, "Content-Encoding"));
        CHECK(header(packed, "Content-Encoding") == "gzip");
        CHECK(packed.body.size() < plain.body.size() / 10);
        CHECK(unpacked(packed.body) == plain.body);
        CHECK(packed.content_type == "text/html; charset=utf-8");
        for (const auto& answer : {plain, packed}) {
            CHECK(header(answer, "Vary") == "Accept-Encoding");
            CHECK(header(answer, "Cache-Control") == "no-cache");
            CHECK(header(answer, "Content-Security-Policy"));
        }
        CHECK(header(plain, "ETag") != header(packed, "ETag"));
    }

    TEST_CASE("who has a file in the encoding that it takes is told so") {
        const Web web;
        const StaticFiles files(web.client());
        const auto packed = files.answer(get("/", {{"Accept-Encoding", "gzip"}}));
        const auto etag = header(packed, "ETag").value_or("");
        const auto again =
            files.answer(get("/", {{"Accept-Encoding", "gzip"}, {"If-None-Match", "\"x\", W/" + etag}}));
        CHECK(again.status == 304);
        CHECK(again.body.empty());
        CHECK(header(again, "ETag") == etag);
        CHECK(header(again, "Vary") == "Accept-Encoding");
        CHECK(files.answer(get("/", {{"If-None-Match", etag}})).status == 200);
    }

    TEST_CASE("a file's ETag changes with the file") {
        const Web web;
        const auto before = header(StaticFiles(web.client()).answer(get("/")), "ETag");
        web.write("client/index.html", "<p>another</p>");
        CHECK(header(StaticFiles(web.client()).answer(get("/")), "ETag") != before);
    }

    TEST_CASE("what does not shrink is not compressed") {
        const Web web;
        const StaticFiles files(web.client());
        const auto tiny = files.answer(get("/tiny.json", {{"Accept-Encoding", "gzip"}}));
        CHECK(tiny.body == "{}");
        CHECK_FALSE(header(tiny, "Content-Encoding"));
    }

    TEST_CASE("only files of known types below the folder are there") {
        const Web web;
        const StaticFiles files(web.client());
        CHECK(files.answer(get("/files/card.js?v=1")).status == 200);
        CHECK(files.answer(get("/notes.txt")).status == 404);
        CHECK(files.answer(get("/../client/index.html")).status == 404);
        CHECK(files.answer(get("/files")).status == 404);
    }

    TEST_CASE("the SDK beside the client is served under /sdk/, its modules and nothing else") {
        const Web web;
        web.write("sdk/roomcast.js", "export class RoomcastClient {}");
        web.write("sdk/package.json", "{}");
        web.write("sdk/node_modules/typescript/lib.js", "");
        const StaticFiles files(web.client());
        CHECK(files.answer(get("/sdk/roomcast.js")).status == 200);
        CHECK(files.answer(get("/sdk/roomcast.js")).content_type == "text/javascript; charset=utf-8");
        CHECK(files.answer(get("/sdk/package.json")).status == 404);
        CHECK(files.answer(get("/sdk/node_modules/typescript/lib.js")).status == 404);
        CHECK(StaticFiles(web.client() + "/").find("/sdk/roomcast.js") != nullptr);
    }

    TEST_CASE("a folder beside the client that is not the SDK is nobody's business") {
        const Web web;
        web.write("sdk/secret.js", "");
        CHECK(StaticFiles(web.client()).find("/sdk/secret.js") == nullptr);
    }

    TEST_CASE("a folder that is not there ends the start") {
        CHECK_THROWS(StaticFiles("/nonexistent/client"));
    }

    TEST_CASE("Accept-Encoding is read as RFC 9110 has it") {
        for (const auto* yes :
             {"gzip", "GZIP", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "deflate,gzip", "gzip ; q=0.5"})
            CHECK_MESSAGE(takes_gzip(yes), yes);
        for (const auto* no :
             {"", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "br, deflate", "gzipped"})
            CHECK_MESSAGE(!takes_gzip(no), no);
    }

    TEST_CASE("If-None-Match may name several, weakly, or any") {
        CHECK(names_etag("\"a\"", "\"a\""));
        CHECK(names_etag("\"b\" , W/\"a\"", "\"a\""));
        CHECK(names_etag("*", "\"a\""));
        CHECK_FALSE(names_etag("\"b\"", "\"a\""));
        CHECK_FALSE(names_etag("", "\"a\""));
    }
}

}  // namespace roomcast::edge
