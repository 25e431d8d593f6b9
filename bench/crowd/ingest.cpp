#include "bench/crowd/ingest.hpp"

#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "bench/clock.hpp"

namespace roomcast::bench {
namespace {

constexpr std::int64_t open_deadline_ns = 60 * ns_per_s;
constexpr std::int64_t silence_ns = 10 * ns_per_s;  // without an ack: given up
constexpr std::int64_t step_ns = 20 * ns_per_ms;

}  // namespace

Ingest::Ingest(IngestPlan plan) : plan_(std::move(plan)), crowd_(plan_.door, *this) {
    for (std::size_t i = 0; i < plan_.rooms; ++i) {
        senders_.emplace_back().room = plan_.room_prefix + '-' + std::to_string(i);
        crowd_.add(filled(plan_.dialect.subscribe, senders_.back().room));
    }
}

void Ingest::say_more(std::size_t number) {
    Sender& sender = senders_[number];
    while (said_ < plan_.messages && sender.said - sender.acked < plan_.window) {
        write_mark(text_, {sender.said, 0}, plan_.text_bytes);
        crowd_.client(number).queue(
            filled(plan_.dialect.frame, sender.room,
                   plan_.run + '.' + std::to_string(number) + '.' + std::to_string(sender.said), text_));
        ++sender.said;
        ++said_;
        if (!std::exchange(sender.told, true)) told_.push_back(number);
    }
}

void Ingest::on_text(Client& client, std::string_view text) {
    Sender& sender = senders_[client.number()];
    if (text.starts_with(R"({"type":"ack")")) {
        ++sender.acked;
        ++acked_;
        // Half a window at a time: a sender that says one for each ack would send no two together.
        if (sender.said - sender.acked <= plan_.window / 2) say_more(client.number());
    } else if (text.find(plan_.dialect.refused) != std::string_view::npos &&
               !text.starts_with(R"({"type":"message")")) {
        ++refused_;
        trouble_ = text;
    } else if (!sender.in && text.find(plan_.dialect.joined) != std::string_view::npos) {
        sender.in = true;
        ++in_;
        crowd_.arrived();
    }
}

void Ingest::on_ended(Client&, std::string_view why) {
    ++ended_;
    trouble_ = why;
}

void Ingest::run() {
    const std::int64_t opened = now_ns();
    crowd_.open();
    while (in_ < senders_.size()) {
        if (ended_ > 0 || now_ns() > opened + open_deadline_ns)
            throw std::runtime_error("only " + std::to_string(in_) + " senders are in: " + trouble_);
        crowd_.serve(now_ns() + step_ns);
    }
    for (const auto& watched : plan_.watched) cpu_s_.push_back(usage_of(watched.pid).cpu_s);
    const std::int64_t began = now_ns();
    std::int64_t heard = began;
    for (std::size_t i = 0; i < senders_.size(); ++i) say_more(i);
    while (acked_ + refused_ < plan_.messages && ended_ == 0 && now_ns() < heard + silence_ns) {
        for (const auto number : std::exchange(told_, {})) {
            senders_[number].told = false;
            crowd_.client(number).flush();
        }
        const auto before = acked_;
        crowd_.serve(now_ns() + step_ns);
        if (acked_ != before) heard = now_ns();
    }
    seconds_ = static_cast<double>(heard - began) / ns_per_s;
    for (std::size_t i = 0; i < cpu_s_.size(); ++i)
        cpu_s_[i] = usage_of(plan_.watched[i].pid).cpu_s - cpu_s_[i];
}

nlohmann::json Ingest::result() const {
    nlohmann::json processes = nlohmann::json::object();
    for (std::size_t i = 0; i < cpu_s_.size(); ++i)
        processes[plan_.watched[i].name] = {
            {"cpu_us_per_message", cpu_s_[i] * 1e6 / static_cast<double>(acked_ + 1)}};
    return {{"messages", plan_.messages},
            {"acked", acked_},
            {"refused", refused_},
            {"ended", ended_},
            {"lost", said_ - acked_ - refused_},
            {"trouble", trouble_},
            {"seconds", seconds_},
            {"per_s", static_cast<double>(acked_) / seconds_},
            {"processes", processes}};
}

}  // namespace roomcast::bench
