#include "ws-edge/api/messages.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

#include "producer/publisher.hpp"
#include "shared/core/limits.hpp"
#include "shared/wire/client_frames.hpp"
#include "shared/wire/server_frames.hpp"
#include "ws-edge/api/json_http.hpp"

namespace roomcast::edge {
namespace {

using Kind = link::ReadHistory::Kind;

Result<link::ReadHistory> question_of(const net::http::Request& request) {
    link::ReadHistory question;
    const auto before = number_in_query(request, "before");
    if (!before) return before.error();
    const auto after = number_in_query(request, "after");
    if (!after) return after.error();
    const auto from_time = request.query("from_time");
    if (int{before->has_value()} + int{after->has_value()} + int{from_time.has_value()} > 1)
        return Error{Errc::bad_frame, "only one of before, after and from_time at a time"};
    if (*before || *after) {
        question.kind = *before ? Kind::before : Kind::after;
        question.seq = Seq{*before ? **before : **after};
        if (question.seq < Seq::none()) return Error{Errc::bad_frame, "a seq is -1 or more"};
    } else if (from_time) {
        const auto time = parse_rfc3339(*from_time);
        if (!time) return Error{Errc::bad_frame, "from_time is not an RFC 3339 time"};
        question.kind = Kind::from_time;
        question.time = *time;
    }
    const auto limit = number_in_query(request, "limit");
    if (!limit) return limit.error();
    if (*limit && **limit < 1) return Error{Errc::bad_frame, "limit is below 1"};
    if (*limit) question.limit = wire::clamp_history(**limit);
    return question;
}

/// The id by which a message that is sent twice is known: in the body or the header.
Result<MessageId> id_of(const net::http::Request& request, const nlohmann::json& body) {
    if (body.contains("id")) {
        const auto text = text_field(body, "id");
        if (!text) return text.error();
        const auto id = MessageId::parse(*text);
        return id ? Result<MessageId>(*id) : Result<MessageId>(Errc::bad_id);
    }
    if (const auto key = request.header("idempotency-key")) {
        const auto id = MessageId::parse(*key);
        return id ? Result<MessageId>(*id) : Result<MessageId>(Errc::bad_id);
    }
    return make_message_id();
}

}  // namespace

void RoomMessages::visit(const ExchangePtr& exchange, const RoomSlug& room, InRoom then) {
    core_.visit(room, [this, exchange, room,
                       then = std::move(then)](const Result<std::shared_ptr<const RoomInfo>>& info) {
        if (!info) return exchange->fail(info.error());
        then(**info, [this, room] { core_.leave(room); });
    });
}

void RoomMessages::history(const ExchangePtr& exchange, const RoomSlug& room) {
    const auto question = question_of(exchange->request());
    if (!question) return exchange->fail(question.error());
    door_.enter(exchange, room, [this, exchange, room, question = *question](const link::RoomReply&) {
        visit(exchange, room,
              [this, exchange, room, question](const RoomInfo& info, std::function<void()> leave) {
                  core_.read(room, question,
                             [exchange, log = info.log,
                              leave = std::move(leave)](const Result<link::HistoryPage>& page) {
                                 leave();
                                 if (!page) return exchange->fail(page.error());
                                 std::vector<std::string_view> messages;
                                 for (const auto& entry : page->entries)
                                     if (entry.shown()) messages.emplace_back(entry.frame);
                                 net::http::Response response;
                                 response.headers.emplace_back("Cache-Control", "no-store");
                                 response.body = wire::history_body(log, messages, page->more);
                                 exchange->answer(std::move(response));
                             });
              });
    });
}

void RoomMessages::append(const ExchangePtr& exchange, const LogId& log, channel::Record record,
                          std::function<void(Seq)> then) {
    if (const auto wait = core_.limits().message(record.user, exchange->address(), log.room, record.time))
        return exchange->fail(Error{Errc::rate_limited, wait->what, wait->retry_after_ms});
    visit(exchange, log.room,
          [this, exchange, log, record = std::move(record), then = std::move(then)](
              const RoomInfo& info, std::function<void()> leave) {
              if (info.log != log) {
                  leave();
                  return exchange->fail(Errc::room_gone);
              }
              core_.append(log, record, [exchange, then, leave = std::move(leave)](const Result<Seq>& seq) {
                  leave();
                  if (!seq) return exchange->fail(seq.error());
                  then(*seq);
              });
          });
}

void RoomMessages::send(const ExchangePtr& exchange, const RoomSlug& room) {
    const auto body = json_body(exchange->request());
    if (!body) return exchange->fail(body.error());
    const auto text = text_field(*body, "text");
    if (!text) return exchange->fail(text.error());
    const auto id = id_of(exchange->request(), *body);
    if (!id) return exchange->fail(id.error());
    auto record = producer::make_record(room, *id, exchange->claims().user, *text, now_ms());
    if (!record) return exchange->fail(record.error());
    door_.enter(
        exchange, room,
        [this, exchange, id = *id, record = std::move(*record)](const link::RoomReply& found) {
            append(exchange, found.room.log, record, [exchange, id, room = found.room.log.room](Seq seq) {
                exchange->answer(
                    json_response(201, {{"id", id.str()}, {"room", room.str()}, {"seq", seq.value}}));
            });
        });
}

void RoomMessages::remove(const ExchangePtr& exchange, const RoomSlug& room, std::string_view text) {
    std::int64_t number = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || number < 0)
        return exchange->fail(Error{Errc::bad_frame, "that is not a seq"});
    const Seq seq{number};
    // First out of the history, then said in the log: who asks in between does not see it any more.
    core_.caller().call(slot_of(room), link::HideMessage{room, exchange->actor(), seq},
                        [this, exchange, room, seq](link::Reply reply) {
                            const auto hidden = expect<link::RoomReply>(std::move(reply));
                            if (!hidden) return exchange->fail(hidden.error());
                            auto record = producer::make_deletion(
                                room, MessageId::trusted("deletes-" + std::to_string(seq.value)),
                                exchange->claims().user, seq, now_ms());
                            append(exchange, hidden->room.log, std::move(record),
                                   [exchange](Seq) { exchange->answer(empty_response()); });
                        });
}

}  // namespace roomcast::edge
