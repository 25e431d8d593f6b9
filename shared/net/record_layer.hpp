#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "shared/core/limits.hpp"
#include "shared/net/io_outcome.hpp"
#include "shared/net/record_cipher.hpp"

namespace roomcast::net {

/// The server's side of a TLS 1.3 connection after the handshake: records in and out of a socket that does
/// not block, alerts, key updates in both directions (RFC 8446, 4.6.3, 5 and 6).
///
/// Owned by one Stream, used on its thread. The socket is the owner's, and must outlive it. Whatever the peer
/// breaks is answered with the alert that names it, and ends the connection. Between two calls it holds bytes
/// only of a record that has come or gone in part, so nothing for an idle connection.
class RecordLayer {
public:
    /// `reader` opens what the client sends, `writer` seals what we do.
    RecordLayer(int fd, RecordCipher reader, RecordCipher writer,
                std::uint64_t records_per_key = limits::tls_records_per_key)
        : records_per_key_(records_per_key),
          fd_(fd),
          writer_(std::move(writer)),
          reader_(std::move(reader)) {}

    /// A record that came in part is put together here, so `into` has room for one and some more.
    static constexpr std::size_t least_read_bytes = 2 * RecordCipher::text_bytes;

    [[nodiscard]] IoOutcome read(std::span<char> into);
    /// One record at most. After `want_write` the next call ends that record, whose text is the answer's
    /// size, and does not look at `text`.
    [[nodiscard]] IoOutcome write(std::string_view text);
    /// For who sends many records at once: whether the next one may be sealed apart from `write`.
    [[nodiscard]] bool may_seal() const {
        return unsent_.empty() && !update_owed_ && writer_.records() < records_per_key_ &&
               ended_ != IoStatus::failed;
    }
    /// Writes a record to `out`, which has room for `text` and the overhead; its size, 0 when libcrypto
    /// fails. It must be sent next, and what the socket does not take of it is to be kept.
    [[nodiscard]] std::size_t seal(std::string_view text, unsigned char* out) {
        return writer_.seal(ContentType::application_data, text, out);
    }
    /// The rest of a record of so much text: the next `write` goes on with it.
    void keep(std::span<const unsigned char> rest, std::size_t text_bytes) {
        unsent_.assign(rest.begin(), rest.end());
        unsent_text_bytes_ = text_bytes;
    }
    [[nodiscard]] int fd() const { return fd_; }
    /// The connection's end came behind what the last `read` gave.
    [[nodiscard]] bool holds_input() const { return ended_.has_value(); }
    /// Tells the peer that nothing more comes. Best effort.
    void say_goodbye();

private:
    enum class Alert : unsigned char {
        close_notify = 0,
        unexpected_message = 10,
        bad_record_mac = 20,
        record_overflow = 22,
        illegal_parameter = 47,
        decode_error = 50,
        user_canceled = 90,
    };

    /// Opens all whole records and moves their texts together at the front. The answer is their size.
    [[nodiscard]] std::size_t open_all(std::span<char> bytes);
    /// The size of the first record with its header; none when it has not come whole or must not be.
    [[nodiscard]] std::optional<std::size_t> whole_record(std::span<const char> bytes);
    /// The text of an opened record of application data; nothing for the others, which it deals with.
    [[nodiscard]] std::string_view take(std::string_view inside);
    void take_alert(std::string_view alert);
    void take_handshake(std::string_view message);
    void fail(Alert why);
    void send_alert(Alert what);
    /// Appends our own key update, when it is time for one; false when libcrypto fails.
    [[nodiscard]] bool update_key(unsigned char* out, std::size_t& filled);
    [[nodiscard]] IoOutcome send_rest();

    // What a write needs stands first.
    std::uint64_t records_per_key_;
    std::vector<char> unsent_;  // the rest of a record of ours
    int fd_;
    bool update_owed_ = false;      // the peer asked for our next key
    int records_without_text_ = 0;  // in a row
    RecordCipher writer_;
    RecordCipher reader_;
    std::optional<IoStatus> ended_;
    std::vector<char> partial_;  // the beginning of a record of the peer's
    std::size_t unsent_text_bytes_ = 0;
};

}  // namespace roomcast::net
