#include "bench/member.hpp"

#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

namespace roomcast::bench {
namespace {

using nlohmann::json;

constexpr auto redial_pause = std::chrono::milliseconds(20);
constexpr auto dial_deadline = std::chrono::seconds(5);
constexpr int default_retry_ms = 50;

bool worth_another_try(std::string_view code) {
    return code == "busy" || code == "unavailable" || code == "unknown_outcome" || code == "restarting" ||
           code == "rate_limited";
}

/// A string field of a frame that was not parsed as JSON, such as an ack's id.
std::string_view field(std::string_view frame, std::string_view name) {
    const std::string quoted = "\"" + std::string(name) + "\":\"";
    const auto at = frame.find(quoted);
    if (at == std::string_view::npos) return {};
    const auto from = at + quoted.size();
    return frame.substr(from, frame.find('"', from) - from);
}

}  // namespace

Member::Member(net::Loop& loop, const net::TlsContext& tls, Watcher& watcher, Place place,
               std::size_t receiver)
    : loop_(loop),
      tls_(tls),
      watcher_(watcher),
      place_(std::move(place)),
      receiver_(receiver),
      dial_timer_(loop.io()),
      resend_timer_(loop.io()) {}

void Member::start() { dial(); }

void Member::dial() {
    redialing_ = false;
    client_ = std::make_unique<WsClient>(loop_, tls_, *this);
    dial_timer_.expires_after(dial_deadline);
    dial_timer_.async_wait([this](boost::system::error_code ended) {
        if (!ended) try_again("not joined in time");
    });
    client_->open(place_.urls[url_], place_.token);
}

/// The client is replaced in a turn of its own: it may be in the midst of a call to us.
void Member::try_again(std::string_view why) {
    if (std::exchange(redialing_, true)) return;
    ++counts_.ended;
    counts_.last_trouble = why;
    live_ = false;
    url_ = (url_ + 1) % place_.urls.size();
    dial_timer_.expires_after(redial_pause);
    dial_timer_.async_wait([this](boost::system::error_code ended) {
        if (!ended) dial();
    });
}

void Member::on_down(std::string_view why) { try_again(why); }

void Member::on_open() {
    json join = {{"type", "join"}, {"room", place_.room}, {"id", "join"}};
    if (joined_before_) {
        join["epoch"] = epoch_;
        join["since"] = last_seq_;
    } else {
        join["last"] = 0;
    }
    client_->send(join.dump());
}

void Member::on_text(std::string_view frame) {
    if (is_message(frame)) {
        const auto delivered = read_message(frame);
        if (delivered) take_message(delivered->seq, delivered->stamp);
        return;
    }
    const auto type = field(frame, "type");
    if (type == "ack") return take_ack(frame);
    if (type == "joined") return take_joined(frame);
    if (type == "error") return take_error(frame);
    if (type == "left" && live_) try_again("the room was closed");
}

void Member::take_message(std::int64_t seq, const Stamp& stamp) {
    if (seq <= last_seq_) ++counts_.disordered;
    last_seq_ = seq;
    watcher_.on_delivered(*this, stamp);
}

void Member::take_joined(std::string_view frame) {
    const json joined = json::parse(frame);
    dial_timer_.cancel();
    live_ = true;
    if (joined_before_ && !joined.value("recovered", false)) {
        ++counts_.unrecovered;
        counts_.last_trouble = "not recovered: " + joined.value("reason", "");
    }
    epoch_ = joined.at("epoch");
    for (const auto& message : joined.at("messages")) {
        const auto stamp = stamp_of(message.at("text").get_ref<const std::string&>());
        if (stamp) take_message(message.at("seq"), *stamp);
    }
    last_seq_ = std::max(last_seq_, joined.at("last").get<std::int64_t>());
    failed_.clear();
    resend_timer_.cancel();
    counts_.sent_again += unacked_.size();
    for (const auto& [number, intended_ns] : unacked_) send({number, intended_ns});
    if (!std::exchange(joined_before_, true)) watcher_.on_joined(*this);
}

void Member::say(const Stamp& stamp) {
    unacked_.emplace(stamp.number, stamp.intended_ns);
    if (live_) send(stamp);
}

void Member::send(const Stamp& stamp) {
    std::string frame = R"({"type":"message","room":")" + place_.room + R"(","id":")" + place_.id_prefix +
                        std::to_string(stamp.number) + R"(","text":")" + text_of(stamp, place_.text_bytes) +
                        "\"}";
    client_->send(frame);
}

void Member::take_ack(std::string_view frame) {
    auto id = field(frame, "id");
    if (!id.starts_with(place_.id_prefix)) return;
    id.remove_prefix(place_.id_prefix.size());
    std::uint64_t number = 0;
    std::from_chars(id.data(), id.data() + id.size(), number);
    const auto found = unacked_.find(number);
    if (found == unacked_.end()) return;
    const Stamp stamp{number, found->second};
    unacked_.erase(found);
    ++counts_.acked;
    watcher_.on_acked(*this, stamp);
}

void Member::take_error(std::string_view frame) {
    const json error = json::parse(frame);
    const std::string code = error.at("code");
    counts_.last_trouble = code + ": " + error.value("message", "");
    std::string id = error.value("id", "");
    if (!id.starts_with(place_.id_prefix)) {
        if (!live_) try_again(counts_.last_trouble);
        return;
    }
    id.erase(0, place_.id_prefix.size());
    std::uint64_t number = 0;
    std::from_chars(id.data(), id.data() + id.size(), number);
    if (!unacked_.contains(number)) return;
    if (!worth_another_try(code)) {
        ++counts_.refused;
        unacked_.erase(number);
        return;
    }
    failed_.insert(number);
    if (failed_.size() == 1)
        send_failed_later(std::chrono::milliseconds(error.value("retry_after_ms", default_retry_ms)));
}

void Member::send_failed_later(std::chrono::milliseconds wait) {
    resend_timer_.expires_after(wait);
    resend_timer_.async_wait([this](boost::system::error_code ended) {
        if (ended || !live_) return;
        for (const auto number : std::exchange(failed_, {})) {
            const auto found = unacked_.find(number);
            if (found == unacked_.end()) continue;
            ++counts_.sent_again;
            send({number, found->second});
        }
    });
}

}  // namespace roomcast::bench
