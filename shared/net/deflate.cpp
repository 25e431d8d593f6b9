#include "shared/net/deflate.hpp"

#include <algorithm>
#include <new>
#include <vector>

#include <zlib.h>

#include "shared/net/websocket.hpp"

namespace roomcast::net {
namespace {

// A message is small: with a window of 4 KiB and little memory a compressor begins anew three times as fast.
constexpr int window_bits = -12;  // negative: no zlib header
constexpr int memory_level = 5;
constexpr int peer_window_bits = -15;          // whatever the peer chose is within it
constexpr std::size_t output_step = 4 * 1024;  // bytes that the output grows by
constexpr std::size_t output_kept = 64 * 1024;
constexpr int block_boundary = 128;                      // in zlib's data_type: a block has just ended
constexpr std::string_view tail("\x00\x00\xFF\xFF", 4);  // of each message, left out on the way

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.push_back(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// 8 to 15, in decimal and, or not, in quotes.
bool is_window(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    return value == "8" || value == "9" ||
           (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5');
}

/// Whether one offer is ours to accept. A window for our side below ours is not.
bool acceptable(std::string_view offer) {
    const auto parts = parts_of(offer, ';');
    if (parts.front() != "permessage-deflate") return false;
    std::vector<std::string_view> seen;
    for (const auto part : std::vector(parts.begin() + 1, parts.end())) {
        const auto equals = part.find('=');
        const auto name = trimmed(part.substr(0, equals));
        const bool valued = equals != std::string_view::npos;
        const auto value = valued ? trimmed(part.substr(equals + 1)) : std::string_view{};
        if (std::ranges::find(seen, name) != seen.end()) return false;
        seen.push_back(name);
        const bool flag = name == "server_no_context_takeover" || name == "client_no_context_takeover";
        if (flag && !valued) continue;
        if (name == "client_max_window_bits" && (!valued || is_window(value))) continue;
        return false;
    }
    return true;
}

}  // namespace

std::optional<std::string> accept_deflate(std::string_view offers) {
    for (const auto offer : parts_of(offers, ','))
        if (acceptable(offer))
            return "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    return std::nullopt;
}

void Compression::EndDeflate::operator()(z_stream_s* stream) const {
    ::deflateEnd(stream);
    delete stream;
}

void Compression::EndInflate::operator()(z_stream_s* stream) const {
    ::inflateEnd(stream);
    delete stream;
}

Compression::Compression(std::size_t from_bytes)
    : from_bytes_(from_bytes), deflate_(new z_stream_s{}), inflate_(new z_stream_s{}) {
    if (::deflateInit2(deflate_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK ||
        ::inflateInit2(inflate_.get(), peer_window_bits) != Z_OK)
        throw std::bad_alloc();
}

Compression::~Compression() = default;

std::optional<SharedFrame> Compression::frame_of(std::string_view text) {
    if (text.size() < from_bytes_) return std::nullopt;
    z_stream_s& stream = *deflate_;
    ::deflateReset(&stream);
    // What would be no shorter than the text does not fit, and so is not finished.
    packed_.resize(std::max(packed_.size(), text.size() + tail.size()));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed_.data());
    stream.avail_out = static_cast<uInt>(text.size() + tail.size());
    ::deflate(&stream, Z_SYNC_FLUSH);
    const std::string_view made(packed_.data(), text.size() + tail.size() - stream.avail_out);
    if (stream.avail_in > 0 || stream.avail_out == 0 || !made.ends_with(tail)) return std::nullopt;
    auto frame = ws::encode_compressed_text(made.substr(0, made.size() - tail.size()));
    if (packed_.size() > output_kept) std::string().swap(packed_);
    return frame;
}

Result<std::string_view> Compression::inflate(std::string_view payload, std::size_t most) {
    ::inflateReset(inflate_.get());
    if (inflated_.size() > output_kept) std::string().swap(inflated_);
    length_ = 0;
    for (const auto part : {payload, tail})
        if (const auto done = inflate_part(part, most); !done) return done.error();
    // The tail ends a block. Where none has just ended, it was taken for a part of one that was cut off.
    if ((inflate_->data_type & block_boundary) == 0)
        return Error{Errc::bad_frame, "the message is not deflated as it should be"};
    return std::string_view(inflated_.data(), length_);
}

Result<void> Compression::inflate_part(std::string_view part, std::size_t most) {
    z_stream_s& stream = *inflate_;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream.avail_in = static_cast<uInt>(part.size());
    do {
        if (length_ > most) break;
        if (inflated_.size() - length_ < output_step) inflated_.resize(length_ + 2 * output_step);
        stream.next_out = reinterpret_cast<Bytef*>(inflated_.data() + length_);
        stream.avail_out = static_cast<uInt>(inflated_.size() - length_);
        const int code = ::inflate(&stream, Z_SYNC_FLUSH);
        length_ = inflated_.size() - stream.avail_out;
        if (code == Z_STREAM_END) {
            ::inflateReset(&stream);  // a last block need not be the message's end
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return Error{Errc::bad_frame, "the message is not deflated as it should be"};
        }
    } while (stream.avail_in > 0 || stream.avail_out == 0);
    if (length_ > most) return Error{Errc::too_large, "the message is too large, once it is inflated"};
    return {};
}

}  // namespace roomcast::net
