#include "shared/net/connection.hpp"

#include <algorithm>
#include <cerrno>

#include <boost/asio/post.hpp>

#include "shared/core/limits.hpp"

namespace roomcast::net {
namespace {
constexpr int reads_in_a_turn = 4;  // so that one busy sender does not starve the others
static_assert(Loop::read_bytes >= RecordLayer::least_read_bytes);
}  // namespace

void Loop::mark(Connection& connection) {
    connection.mark_ = Connection::Mark::dirty;
    connection.dirty_index_ = dirty_.size();
    dirty_.push_back(&connection);
    if (!scheduled_) {
        scheduled_ = true;
        boost::asio::post(io_, [this] { flush_all(); });
    }
}

void Loop::unmark(Connection& connection) {
    if (connection.mark_ == Connection::Mark::none) return;
    connection.mark_ = Connection::Mark::none;
    for (auto* list : {&dirty_, &flushing_, &later_})
        if (connection.dirty_index_ < list->size() && (*list)[connection.dirty_index_] == &connection)
            (*list)[connection.dirty_index_] = nullptr;
}

void Loop::flush_all() {
    scheduled_ = false;
    flush(dirty_, delay_ == Clock::duration::zero());
}

void Loop::wait_until(Clock::time_point when) {
    later_timer_.expires_at(when);
    later_timer_.async_wait([this](boost::system::error_code stopped) {
        if (!stopped) stop_waiting();
    });
}

void Loop::stop_waiting() {
    if (later_.empty()) return;
    if (company_ < later_.size() && Clock::now() < last_due_) return wait_until(last_due_);
    flush(later_, true);
}

void Loop::begin_flush() {
    now_ = Clock::now();
    look_how_pressed();
    const auto period = now_ - counted_from_;
    if (period < longest_delay()) return;
    records_before_ = period < 2 * longest_delay() ? records_ : 0;
    records_ = 0;
    counted_from_ = now_;
}

/// Over so long that a thread that was not let run for a moment does not count. Where two messages share a
/// record half as much is to be written, so it ends only below three tenths.
void Loop::look_how_pressed() {
    const auto period = now_ - writing_from_;
    if (period < most_delays * delay_) return;
    hard_pressed_ = 10 * writing_ > (hard_pressed_ ? 3 : 6) * period;
    writing_ = {};
    writing_from_ = now_;
}

void Loop::make_batch() {
    if (!batch_) batch_ = SendBatch::make();
    batching_ = batch_ != nullptr;
    batch_wanted_ = batching_;  // where the kernel has none it is not asked again
}

void Loop::write_out(std::size_t at) {
    Connection& connection = *flushing_[at];
    if (batching_ && connection.join_batch(*batch_, at)) {
        if (batch_->full()) submit_batch();
        return;
    }
    connection.mark_ = Connection::Mark::none;
    connection.flush();
}

void Loop::submit_batch() {
    batch_->leave_out_unless([this](std::size_t tag) { return flushing_[tag] != nullptr; });
    for (const auto& sent : batch_->submit())
        if (auto* const connection = flushing_[sent.tag]) connection->on_sent(sent);
    if (!batch_->broken()) return;
    batch_.reset();
    batching_ = batch_wanted_ = false;
}

/// Thousands of connections do not stay in the cache: the next ones come while the kernel is at work.
void Loop::prefetch(std::size_t at) const {
    if (at + 2 < flushing_.size() && flushing_[at + 2] != nullptr) flushing_[at + 2]->prefetch();
    if (at + 1 < flushing_.size() && flushing_[at + 1] != nullptr) flushing_[at + 1]->prefetch_pointees();
}

void Loop::flush(std::vector<Connection*>& marked, bool all) {
    flushing_.swap(marked);
    const bool coalesces = delay_ != Clock::duration::zero();
    const bool none_waits = later_.empty();
    if (coalesces) begin_flush();
    if (batch_wanted_ && flushing_.size() >= limits::send_batch_least) make_batch();
    for (std::size_t i = 0; i < flushing_.size(); ++i) {
        prefetch(i);
        auto* const connection = flushing_[i];
        if (connection == nullptr) continue;  // gone, because of what another one heard
        if (!all && busy() && connection->may_wait()) {
            connection->mark_ = Connection::Mark::later;
            connection->dirty_index_ = later_.size();
            later_.push_back(connection);
            continue;
        }
        connection->flushed_ = now_;
        ++records_;
        write_out(i);
    }
    if (batching_) submit_batch();
    flushing_.clear();
    batching_ = false;
    if (coalesces) writing_ += Clock::now() - now_;
    if (later_.empty() || !none_waits) return;
    company_ = 0;
    due_ = now_ + delay_;
    last_due_ = now_ + longest_delay();
    wait_until(due_);
}

Connection::Connection(Loop& loop, Stream stream, ConnectionHandler& handler)
    : loop_(loop), stream_(std::move(stream)), handler_(&handler) {}

Connection::~Connection() { loop_.unmark(*this); }

void Connection::start() {
    state_ = State::handshake;
    continue_handshake();
}

void Connection::continue_handshake() {
    const IoOutcome outcome = stream_.handshake(loop_.ciphers_);
    switch (outcome.status) {
        case IoStatus::done:
            state_ = State::open;
            handler_->on_ready();
            if (state_ == State::open) read_some();
            return;
        case IoStatus::want_read:
            wait_readable();
            return;
        case IoStatus::want_write:
            wait_writable();
            return;
        default:
            end("the TLS handshake failed");
            return;
    }
}

void Connection::wait_readable() {
    if (waiting_readable_ || state_ == State::ended) return;
    waiting_readable_ = true;
    stream_.socket().async_wait(boost::asio::ip::tcp::socket::wait_read,
                                [self = shared_from_this()](boost::system::error_code error) {
                                    self->waiting_readable_ = false;
                                    if (self->state_ == State::ended) return;
                                    if (error) return self->end("the socket failed");
                                    if (self->state_ == State::handshake) return self->continue_handshake();
                                    if (self->state_ == State::lingering) return self->drain_input();
                                    self->read_some();
                                });
}

void Connection::wait_writable() {
    if (waiting_writable_ || state_ == State::ended) return;
    waiting_writable_ = true;
    stream_.socket().async_wait(boost::asio::ip::tcp::socket::wait_write,
                                [self = shared_from_this()](boost::system::error_code error) {
                                    self->waiting_writable_ = false;
                                    if (self->state_ == State::ended) return;
                                    if (error) return self->end("the socket failed");
                                    if (self->state_ == State::handshake) return self->continue_handshake();
                                    if (self->read_wants_write_) {
                                        self->read_wants_write_ = false;
                                        self->read_some();
                                    }
                                    self->flush();
                                });
}

void Connection::read_some() {
    const auto self = shared_from_this();  // the handler may let go of us
    for (int i = 0; i < reads_in_a_turn; ++i) {
        if (paused_ || (state_ != State::open && state_ != State::finishing)) return;
        const IoOutcome outcome = stream_.read(loop_.read_scratch_);
        switch (outcome.status) {
            case IoStatus::done:
                bytes_received_ += outcome.bytes;
                // A connection that is finishing listens only for the peer's goodbye.
                if (state_ == State::open)
                    handler_->on_bytes(std::span(loop_.read_scratch_).first(outcome.bytes));
                if (outcome.bytes == loop_.read_scratch_.size() || stream_.holds_input()) break;
                // Most likely there is no more; if there is, the wait ends at once.
                if (!paused_ && (state_ == State::open || state_ == State::finishing)) wait_readable();
                return;
            case IoStatus::want_read:
                wait_readable();
                return;
            case IoStatus::want_write:
                read_wants_write_ = true;
                wait_writable();
                return;
            case IoStatus::closed:
                end("the peer closed");
                return;
            case IoStatus::failed:
                end("the socket failed");
                return;
        }
    }
    // There may be more, and some of it already inside OpenSSL, where no readiness would tell.
    boost::asio::post(loop_.io(), [self] {
        if (!self->waiting_readable_) self->read_some();
    });
}

bool Connection::may_wait() const {
    return state_ == State::open && outbox_.bytes() < Loop::record_bytes &&
           loop_.now_ - flushed_ < loop_.longest_delay();
}

void Connection::resume_reading() {
    if (!paused_) return;
    paused_ = false;
    boost::asio::post(loop_.io(), [self = shared_from_this()] {
        if (!self->waiting_readable_) self->read_some();
    });
}

void Connection::flush() {
    if (state_ != State::open && state_ != State::finishing) return;
    if (waiting_writable_) return;  // the socket's buffer is full: go on when it has room
    if (outbox_.bytes() > limits::outbox_resume_bytes) was_full_ = true;
    while (!outbox_.empty()) {
        const std::string_view bytes =
            outbox_.gather(loop_.write_scratch_.data(), loop_.write_scratch_.size());
        const IoOutcome outcome = stream_.write(bytes);
        if (outcome.status == IoStatus::done) {
            outbox_.consume(outcome.bytes);
            bytes_sent_ += outcome.bytes;
            continue;
        }
        if (outcome.status == IoStatus::want_write || outcome.status == IoStatus::want_read) {
            wait_writable();
            break;
        }
        return end("the socket failed");
    }
    if (was_full_ && outbox_.bytes() <= limits::outbox_resume_bytes) {
        was_full_ = false;
        const auto self = shared_from_this();  // the handler may let go of us
        if (state_ == State::open) handler_->on_room_again();
        if (state_ == State::ended) return;
    }
    if (state_ == State::finishing && outbox_.empty()) {
        stream_.say_goodbye();
        state_ = State::lingering;
        paused_ = false;
        if (!waiting_readable_) drain_input();
    }
}

bool Connection::join_batch(SendBatch& batch, std::size_t tag) {
    RecordLayer* const records = stream_.records();
    if (records == nullptr || state_ != State::open || waiting_writable_ || was_full_ || outbox_.empty() ||
        outbox_.bytes() > limits::send_batch_text_bytes || !records->may_seal())
        return false;
    const std::string_view text = outbox_.gather(loop_.write_scratch_.data(), loop_.write_scratch_.size());
    const std::size_t size = records->seal(text, batch.room());
    if (size == 0) {
        end("a record could not be sealed");
    } else {
        batch.add(records->fd(), size, text.size(), tag);
    }
    return true;
}

void Connection::on_sent(const SendBatch::Sent& sent) {
    mark_ = Mark::none;
    if (sent.result < 0 && sent.result != -EAGAIN && sent.result != -EINTR) return end("the socket failed");
    const auto taken = static_cast<std::size_t>(std::max(sent.result, 0));
    if (taken < sent.record.size()) {
        stream_.records()->keep(sent.record.subspan(taken), sent.text_bytes);
        return wait_writable();
    }
    outbox_.consume(sent.text_bytes);
    bytes_sent_ += sent.text_bytes;
    // What came meanwhile has not marked it, for it was marked.
    if (!outbox_.empty() || state_ == State::finishing) loop_.mark(*this);
}

void Connection::drain_input() {
    // After our goodbye: read and forget until the peer closes, so that TCP does not cut off what we sent
    // last.
    for (int i = 0; i < reads_in_a_turn; ++i) {
        const auto into = std::span(loop_.read_scratch_);
        const auto got = ::recv(stream_.socket().native_handle(), into.data(), into.size(), 0);
        if (got == 0) return end("closed");
        if (got < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) return wait_readable();
            return end("closed");
        }
    }
    boost::asio::post(loop_.io(), [self = shared_from_this()] {
        if (self->state_ == State::lingering && !self->waiting_readable_) self->drain_input();
    });
}

void Connection::finish() {
    if (state_ == State::ended || state_ == State::finishing || state_ == State::lingering) return;
    if (state_ != State::open) return end("closed");
    state_ = State::finishing;
    if (mark_ == Mark::none) loop_.mark(*this);
}

void Connection::abort(std::string_view why) { end(why); }

void Connection::detach() {
    handler_ = nullptr;
    end("detached");
}

void Connection::end(std::string_view why) {
    if (state_ == State::ended) return;
    state_ = State::ended;
    outbox_.clear();
    loop_.unmark(*this);
    boost::system::error_code ignored;
    stream_.socket().close(ignored);
    if (handler_ != nullptr) {
        const auto self = shared_from_this();
        ConnectionHandler* const handler = std::exchange(handler_, nullptr);
        handler->on_ended(why);
    }
}

}  // namespace roomcast::net
