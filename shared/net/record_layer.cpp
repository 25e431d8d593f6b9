#include "shared/net/record_layer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace roomcast::net {
namespace {

constexpr char key_update_type = 24;
constexpr std::size_t key_update_bytes = 5;
constexpr std::string_view key_update{"\x18\0\0\x01\0", key_update_bytes};  // and asks for none in return

}  // namespace

IoOutcome RecordLayer::read(std::span<char> into) {
    if (ended_) return {*ended_, 0};
    const std::size_t kept = partial_.size();
    std::copy(partial_.begin(), partial_.end(), into.begin());
    const ssize_t got = ::recv(fd_, into.data() + kept, into.size() - kept, 0);
    if (got < 0) return {try_again() ? IoStatus::want_read : IoStatus::failed, 0};
    if (got == 0) return {IoStatus::closed, 0};
    const std::size_t opened = open_all(into.first(kept + static_cast<std::size_t>(got)));
    if (opened > 0) return {IoStatus::done, opened};
    return {ended_.value_or(IoStatus::want_read), 0};
}

std::size_t RecordLayer::open_all(std::span<char> bytes) {
    std::size_t texts = 0;
    std::size_t at = 0;
    while (!ended_) {
        const auto record_bytes = whole_record(bytes.subspan(at));
        if (!record_bytes) break;
        const auto inside = reader_.open(bytes.subspan(at, *record_bytes));
        if (!inside) {
            fail(Alert::bad_record_mac);
            break;
        }
        const std::string_view text = take({inside->data(), inside->size()});
        if (!text.empty()) std::memmove(bytes.data() + texts, text.data(), text.size());
        texts += text.size();
        at += *record_bytes;
    }
    if (ended_ || at == bytes.size()) {
        if (partial_.capacity() > 0) std::vector<char>().swap(partial_);
    } else {
        const auto rest = bytes.subspan(at);
        partial_.assign(rest.begin(), rest.end());
    }
    return texts;
}

std::optional<std::size_t> RecordLayer::whole_record(std::span<const char> bytes) {
    if (bytes.size() < RecordCipher::header_bytes) return std::nullopt;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    // Nothing in the clear comes after the handshake; the version is not to be looked at.
    if (byte(0) != static_cast<unsigned char>(ContentType::application_data)) {
        fail(Alert::unexpected_message);
        return std::nullopt;
    }
    const std::size_t body = std::size_t{byte(3)} << 8 | byte(4);
    if (body > RecordCipher::body_bytes) {
        fail(Alert::record_overflow);
        return std::nullopt;
    }
    const std::size_t whole = RecordCipher::header_bytes + body;
    if (bytes.size() < whole) return std::nullopt;
    return whole;
}

std::string_view RecordLayer::take(std::string_view inside) {
    const std::size_t type_at = inside.find_last_not_of('\0');
    if (type_at == std::string_view::npos) {
        fail(Alert::unexpected_message);
        return {};
    }
    const std::string_view text = inside.substr(0, type_at);
    if (text.size() > RecordCipher::text_bytes) {
        fail(Alert::record_overflow);
        return {};
    }
    const auto type = static_cast<ContentType>(inside[type_at]);
    if (type == ContentType::application_data && !text.empty()) {
        records_without_text_ = 0;
        return text;
    }
    // They cost us work and the peer next to nothing.
    const bool too_many = ++records_without_text_ > limits::tls_records_without_text;
    if (type == ContentType::alert && !too_many) {
        take_alert(text);
    } else if (type == ContentType::handshake && !too_many) {
        take_handshake(text);
    } else if (type != ContentType::application_data || too_many) {
        fail(Alert::unexpected_message);
    }
    return {};
}

void RecordLayer::take_alert(std::string_view alert) {
    if (alert.size() != 2) return fail(Alert::decode_error);
    switch (static_cast<Alert>(alert[1])) {
        case Alert::close_notify:
            ended_ = IoStatus::closed;
            return;
        case Alert::user_canceled:  // a close_notify comes behind it
            return;
        default:
            ended_ = IoStatus::failed;
    }
}

/// Of all handshake messages a client may send only this one now. It comes in a record of its own: the next
/// record has the next key.
void RecordLayer::take_handshake(std::string_view message) {
    if (message.empty() || message[0] != key_update_type) return fail(Alert::unexpected_message);
    if (message.size() != key_update_bytes || message.substr(1, 3) != key_update.substr(1, 3))
        return fail(Alert::decode_error);
    const auto request = static_cast<unsigned char>(message[4]);
    if (request > 1) return fail(Alert::illegal_parameter);
    if (!reader_.next_key()) {
        ended_ = IoStatus::failed;
        return;
    }
    update_owed_ = update_owed_ || request == 1;
}

void RecordLayer::fail(Alert why) {
    send_alert(why);
    ended_ = IoStatus::failed;
}

void RecordLayer::send_alert(Alert what) {
    if (!unsent_.empty()) return;  // it would come in the midst of a record
    const char fatal_or_warning = what == Alert::close_notify ? 1 : 2;
    const std::array<char, 2> alert{fatal_or_warning, static_cast<char>(what)};
    std::array<unsigned char, RecordCipher::overhead_bytes + alert.size()> record;
    const std::size_t size = writer_.seal(ContentType::alert, {alert.data(), alert.size()}, record.data());
    // What cannot be sent now is not sent: the socket is about to be closed.
    [[maybe_unused]] const ssize_t sent = ::send(fd_, record.data(), size, MSG_NOSIGNAL);
}

bool RecordLayer::update_key(unsigned char* out, std::size_t& filled) {
    if (!update_owed_ && writer_.records() < records_per_key_) return true;
    update_owed_ = false;
    filled = writer_.seal(ContentType::handshake, key_update, out);
    return filled != 0 && writer_.next_key();
}

IoOutcome RecordLayer::write(std::string_view text) {
    if (ended_ == IoStatus::failed) return {IoStatus::failed, 0};  // the peer was told, or could not be
    if (!unsent_.empty()) return send_rest();
    text = text.substr(0, RecordCipher::text_bytes);
    std::array<unsigned char, RecordCipher::text_bytes + 2 * RecordCipher::overhead_bytes + key_update_bytes>
        records;
    std::size_t filled = 0;
    if (!update_key(records.data(), filled)) return {IoStatus::failed, 0};
    const std::size_t record = writer_.seal(ContentType::application_data, text, records.data() + filled);
    if (record == 0) return {IoStatus::failed, 0};
    filled += record;
    const ssize_t result = ::send(fd_, records.data(), filled, MSG_NOSIGNAL);
    if (result < 0 && !try_again()) return {IoStatus::failed, 0};
    const auto sent = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
    if (sent == filled) return {IoStatus::done, text.size()};
    keep(std::span(records).first(filled).subspan(sent), text.size());
    return {IoStatus::want_write, 0};
}

IoOutcome RecordLayer::send_rest() {
    const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) return {try_again() ? IoStatus::want_write : IoStatus::failed, 0};
    unsent_.erase(unsent_.begin(), unsent_.begin() + sent);
    if (!unsent_.empty()) return {IoStatus::want_write, 0};
    std::vector<char>().swap(unsent_);
    return {IoStatus::done, std::exchange(unsent_text_bytes_, 0)};
}

void RecordLayer::say_goodbye() { send_alert(Alert::close_notify); }

}  // namespace roomcast::net
