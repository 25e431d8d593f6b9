#include "consumer/dedupe_window.hpp"

#include <cstring>
#include <string>

#include <openssl/sha.h>

#include "shared/core/limits.hpp"

namespace roomcast::consumer {
namespace {

/// Edges stamp times by clocks of their own; so far apart they may be.
constexpr TimeMs clock_skew_ms = 60'000;

}  // namespace

std::optional<Seq> DedupeWindow::admit(Seq seq, TimeMs time, std::string_view user, std::string_view id) {
    // A cryptographic digest: nobody can make an id that collides with somebody else's message.
    std::string text;
    text.reserve(user.size() + id.size() + 1);
    text.append(user).push_back('\0');
    text.append(id);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    Key key{};
    std::memcpy(key.data(), digest.data(), sizeof key);

    forget_before(seq, time);
    order_.push_back(Item{key, seq, time});
    const auto [found, fresh] = seen_.try_emplace(key, Seen{seq, time, seq});
    if (fresh) return std::nullopt;
    Seen& seen = found->second;
    const bool within = seq.value - seen.latest.value <= limits::dedupe_window_records &&
                        time - seen.time <= limits::dedupe_window_ms;
    if (!within) seen.first = seq;
    seen.latest = seq;
    seen.time = time;
    return within ? std::optional<Seq>(seen.first) : std::nullopt;
}

void DedupeWindow::forget_before(Seq seq, TimeMs time) {
    while (!order_.empty()) {
        const Item& oldest = order_.front();
        const bool outside = seq.value - oldest.seq.value > limits::dedupe_window_records ||
                             time - oldest.time > limits::dedupe_window_ms + clock_skew_ms;
        if (!outside) return;
        const auto found = seen_.find(oldest.key);
        if (found != seen_.end() && found->second.latest == oldest.seq) seen_.erase(found);
        order_.pop_front();
    }
}

bool DedupeWindow::reaches_back(Seq earliest_seq, TimeMs earliest_time, Seq seq, TimeMs time) {
    return seq.value - earliest_seq.value >= limits::dedupe_window_records ||
           time - earliest_time > limits::dedupe_window_ms + clock_skew_ms;
}

}  // namespace roomcast::consumer
