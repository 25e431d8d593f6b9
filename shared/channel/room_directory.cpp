#include "shared/channel/room_directory.hpp"

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::channel {
namespace {
using Clock = std::chrono::steady_clock;
constexpr auto sweep_every = std::chrono::milliseconds(250);
constexpr auto unused_slot_kept = std::chrono::seconds(60);
}  // namespace

RoomDirectory::RoomDirectory(boost::asio::io_context& io, TableLog& table, LogAdmin& admin, ops::Log& log)
    : io_(io),
      table_(table),
      admin_(admin),
      log_(log),
      sweep_timer_(io),
      alive_(std::make_shared<bool>(true)) {
    sweep();
}

RoomDirectory::~RoomDirectory() { *alive_ = false; }

RoomDirectory::SlotState& RoomDirectory::use(Slot slot) {
    auto& state = slots_[slot];
    if (!state) {
        state = std::make_unique<SlotState>();
        state->following = table_.follow(slot, *this);
    }
    state->last_use = Clock::now();
    return *state;
}

void RoomDirectory::keep(const std::vector<Slot>& slots) {
    kept_ = std::set<Slot>(slots.begin(), slots.end());
    for (const Slot slot : slots) use(slot);
}

bool RoomDirectory::current() const {
    for (const Slot slot : kept_) {
        const auto found = slots_.find(slot);
        if (found == slots_.end() || !found->second->is_current) return false;
    }
    return true;
}

RoomDirectory::Deadline RoomDirectory::deadline() {
    return Clock::now() + std::chrono::milliseconds(limits::channel_request_deadline_ms);
}

void RoomDirectory::open(const RoomSlug& room, bool create_missing, const Actor& creator,
                         Callback<RoomInfo> done) {
    ask(Question{room, create_missing, std::nullopt, creator, std::move(done), deadline()});
}

void RoomDirectory::create(const RoomInfo& room, Callback<RoomInfo> done) {
    ask(Question{room.log.room, true, room, room.owner, std::move(done), deadline()});
}

void RoomDirectory::ask(Question question) {
    const RoomSlug room = question.room;
    use(slot_of(room));
    questions_[room].push_back(std::move(question));
    boost::asio::post(io_, [this, alive = alive_, room] {
        if (*alive) answer_all(room);
    });
}

void RoomDirectory::answer_all(const RoomSlug& room) {
    const auto asked = questions_.find(room);
    if (asked == questions_.end()) return;
    SlotState& slot = use(slot_of(room));
    if (!slot.is_current || creations_.contains(room)) return;
    if (const RoomInfo* const info = slot.rooms.find(room)) {
        const RoomInfo found = *info;
        auto waiting = std::move(asked->second);
        questions_.erase(asked);
        for (auto& question : waiting) {
            const bool taken = question.described && question.described->log != found.log;
            question.done(taken ? Result<RoomInfo>(Errc::name_taken) : Result<RoomInfo>(found));
        }
        return;
    }
    std::vector<Question> unanswerable;
    std::erase_if(asked->second, [&](Question& question) {
        if (question.create) return false;
        unanswerable.push_back(std::move(question));
        return true;
    });
    std::optional<RoomInfo> wanted;
    if (asked->second.empty()) {
        questions_.erase(asked);
    } else {
        const Question& first = asked->second.front();
        wanted = first.described.value_or(RoomInfo{});
        if (!first.described) {
            wanted->log = LogId{room, make_epoch()};
            wanted->owner = first.creator;
            wanted->created = now_ms();
        }
    }
    for (auto& question : unanswerable) question.done(Errc::no_such_room);
    if (wanted) make(std::move(*wanted));
}

void RoomDirectory::fail_all(const RoomSlug& room, const Error& error) {
    const auto asked = questions_.find(room);
    if (asked == questions_.end()) return;
    auto waiting = std::move(asked->second);
    questions_.erase(asked);
    for (auto& question : waiting) question.done(error);
}

void RoomDirectory::make(RoomInfo info) {
    const LogId log = info.log;
    creations_[log.room] = Creation{log};
    // The log first, the record after: a recorded room whose log is missing was deleted behind our back.
    const LogOptions options{info.retention_ms};
    admin_.create(
        log, options, [this, alive = alive_, log, info = std::move(info)](const Result<void>& made) {
            if (!*alive) return;
            if (!made) {
                creations_.erase(log.room);
                return fail_all(log.room, made.error());
            }
            const std::string value = encode_room_record({info, std::nullopt});
            table_.append(slot_of(log.room), room_key(log), value,
                          [this, alive, log](const Result<Seq>& kept) {
                              if (!*alive) return;
                              if (kept) {
                                  const auto mine = creations_.find(log.room);
                                  if (mine != creations_.end()) mine->second.recorded = true;
                                  return;  // answered when the record is read back
                              }
                              creations_.erase(log.room);
                              if (kept.error().code != Errc::unknown_outcome)
                                  admin_.remove(log, [](const Result<void>&) {});
                              fail_all(log.room, Error{Errc::unavailable, "the room could not be recorded"});
                          });
        });
}

void RoomDirectory::on_table_record(const TableRecord& record) {
    const auto found = slots_.find(record.slot);
    if (found == slots_.end()) return;
    SlotState& slot = *found->second;
    const auto change = slot.rooms.apply(record.seq, record.key, record.value);
    if (!slot.is_current) return;
    if (change.gone && on_gone_) on_gone_(*change.gone);
    if (change.loser) clean_up_loser(record.slot, *change.loser);
    if (change.changed && on_changed_) on_changed_(*change.changed);
    if (change.hidden && on_hidden_) on_hidden_(change.hidden->log);
    if (change.hidden) return answer_hides(std::string(record.key));
    const auto log = parse_room_key(record.key);
    if (!log) return;
    const auto mine = creations_.find(log->room);
    if (mine != creations_.end() && mine->second.log == *log) creations_.erase(mine);
    answer_all(log->room);
    const auto changing = changes_.find(log->room);
    if (changing == changes_.end()) return;
    const auto& awaited = changing->second.front().awaited;
    if (change.changed && awaited == change.changed) return end_change(log->room, *change.changed);
    if (change.gone && awaited && awaited->log == *change.gone) end_change(log->room, Errc::no_such_room);
}

void RoomDirectory::on_slot_current(Slot slot) {
    const auto found = slots_.find(slot);
    if (found == slots_.end()) return;
    found->second->is_current = true;
    std::vector<RoomSlug> rooms;
    for (const auto& [room, waiting] : questions_)
        if (slot_of(room) == slot) rooms.push_back(room);
    for (const auto& room : rooms) answer_all(room);
    rooms.clear();
    for (const auto& [room, waiting] : changes_)
        if (slot_of(room) == slot) rooms.push_back(room);
    for (const auto& room : rooms) change_next(room);
    answer_lists();
}

void RoomDirectory::clean_up_loser(Slot slot, const LogId& loser) {
    log_.info("room_creation_lost", {{"room", loser.room.str()}, {"epoch", loser.epoch.str()}});
    admin_.remove(loser, [](const Result<void>&) {});
    table_.append(slot, room_key(loser), std::nullopt, [](const Result<Seq>&) {});
}

void RoomDirectory::remove(const LogId& log, Callback<void> done) {
    if (const auto hidden = this->hidden(log))
        for (const Seq seq : *hidden)
            table_.append(slot_of(log.room), hidden_key(log, seq), std::nullopt, [](const Result<Seq>&) {});
    table_.append(slot_of(log.room), room_key(log), std::nullopt,
                  [this, alive = alive_, log, done = std::move(done)](const Result<Seq>& kept) {
                      if (!*alive) return;
                      if (!kept) return done(kept.error());
                      admin_.remove(log, [](const Result<void>&) {});
                      done({});
                  });
}

void RoomDirectory::sweep_questions(Deadline now) {
    std::vector<Question> late;
    for (auto& [room, waiting] : questions_)
        std::erase_if(waiting, [&](Question& question) {
            if (question.deadline > now) return false;
            late.push_back(std::move(question));
            return true;
        });
    std::erase_if(questions_, [](const auto& entry) { return entry.second.empty(); });
    std::erase_if(creations_, [&](const auto& entry) {
        return entry.second.recorded && !questions_.contains(entry.first);
    });
    for (auto& question : late)
        question.done(Error{Errc::unavailable, "the rooms directory is out of reach"});
}

void RoomDirectory::sweep() {
    sweep_timer_.expires_after(sweep_every);
    sweep_timer_.async_wait([this](boost::system::error_code stopped) {
        if (stopped) return;
        const auto now = Clock::now();
        sweep_questions(now);
        sweep_changes(now);
        std::erase_if(slots_, [&](const auto& entry) {
            return !kept_.contains(entry.first) && entry.second->last_use + unused_slot_kept < now;
        });
        sweep();
    });
}

}  // namespace roomcast::channel
