#include "consumer/membership.hpp"

#include <algorithm>
#include <set>

#include "shared/core/limits.hpp"
#include "shared/core/rendezvous.hpp"

namespace roomcast::consumer {

Membership::Membership(boost::asio::io_context& io, channel::MembersLog& members,
                       channel::RoomDirectory& directory, channel::AccountDirectory& accounts, NodeId self,
                       std::string host, std::uint16_t port, ops::Log& log)
    : members_(members),
      directory_(directory),
      accounts_(accounts),
      self_(std::move(self)),
      host_(std::move(host)),
      port_(port),
      log_(log),
      timer_(io),
      alive_(std::make_shared<bool>(true)) {}

Membership::~Membership() { *alive_ = false; }

void Membership::start() {
    following_ = members_.follow(*this);
    announce();
    beat();
}

void Membership::announce() {
    if (leaving_) return;
    members_.announce(self_, wire::encode_member({host_, port_, owned_, now_ms()}),
                      [this, alive = alive_](const Result<void>& written) {
                          if (!*alive) return;
                          if (written) {
                              announced_ = true;
                          } else {
                              log_.warn("not_announced", {{"why", written.error().detail}});
                          }
                      });
}

void Membership::beat() {
    timer_.expires_after(std::chrono::milliseconds(limits::member_announce_ms));
    timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        announce();
        const TimeMs oldest = now_ms() - limits::member_forget_ms;
        const auto gone = std::erase_if(others_, [&](const auto& entry) {
            if (entry.second.announced >= oldest) return false;
            // Whoever notices takes a dead worker's announcement back, so that the topic does not fill with
            // them.
            members_.announce(entry.first, "", [](const Result<void>&) {});
            return true;
        });
        if (gone > 0) keep_directory();
        beat();
    });
}

void Membership::on_slots_owned(const std::vector<Slot>& slots) {
    log_.info("slots_owned", {{"count", slots.size()}});
    owned_ = slots;
    keep_directory();
    announce();
}

void Membership::on_member(const NodeId& node, std::string_view value) {
    if (node == self_) return;
    auto record = wire::decode_member(value);
    const bool gone = !record || record->announced < now_ms() - limits::member_forget_ms;
    if (gone) {
        if (others_.erase(node) > 0) keep_directory();
        return;
    }
    const auto known = others_.find(node);
    const bool changed = known == others_.end() || known->second.slots != record->slots;
    others_[node] = std::move(*record);
    if (changed) keep_directory();
}

void Membership::keep_directory() {
    std::set<Slot> kept(owned_.begin(), owned_.end());
    for (std::uint16_t number = 0; number < slot_count; ++number) {
        const Slot slot{number};
        const std::uint64_t mine = rendezvous_weight(self_, slot);
        const bool first = std::all_of(others_.begin(), others_.end(), [&](const auto& entry) {
            const auto& owned = entry.second.slots;
            return std::find(owned.begin(), owned.end(), slot) != owned.end() ||
                   rendezvous_weight(entry.first, slot) < mine;
        });
        if (first) kept.insert(slot);
    }
    directory_.keep({kept.begin(), kept.end()});
    accounts_.keep({kept.begin(), kept.end()});
}

void Membership::leave(std::function<void()> done) {
    leaving_ = true;
    timer_.cancel();
    members_.announce(self_, "", [done = std::move(done)](const Result<void>&) { done(); });
}

}  // namespace roomcast::consumer
