#pragma once

#include <cstddef>
#include <cstdint>

/// Every queue, frame, header, list and timeout has its limit here, with its unit in the name and its reason.
/// docs/protocol.md repeats those that clients meet. Each is reached by a test.
namespace roomcast::limits {

// Names.
inline constexpr std::size_t room_slug_bytes = 64;
inline constexpr std::size_t epoch_bytes = 32;
inline constexpr std::size_t message_id_bytes = 64;
inline constexpr std::size_t user_name_bytes = 64;
inline constexpr std::size_t session_id_bytes = 64;
inline constexpr std::size_t node_id_bytes = 64;
inline constexpr std::size_t user_name_input_bytes = 256;  // before normalization, which may shorten it
inline constexpr std::size_t folded_name_bytes = 1024;     // one character of 3 bytes may fold to 33
inline constexpr std::size_t ticket_id_bytes = 64;

// What a client may send.
inline constexpr std::size_t message_text_bytes = 16 * 1024;  // a long chat message; files travel by WebRTC
inline constexpr std::size_t client_frame_bytes =
    64 * 1024;                                 // text of 16 KiB in \u escapes (×6) still does not fit twice
inline constexpr std::size_t json_depth = 16;  // frames are flat; signal data may nest a little
inline constexpr std::size_t rooms_per_session = 64;
inline constexpr std::size_t unacked_per_session = 1024;  // messages in flight, then `busy`
inline constexpr std::size_t pending_requests_per_session =
    32;  // joins and history pages in flight, then `busy`
inline constexpr std::size_t http_header_bytes = 8 * 1024;
inline constexpr std::size_t http_body_bytes = 64 * 1024;
inline constexpr int history_page_messages = 200;  // largest `limit` and `last`
inline constexpr int history_default_messages = 50;
inline constexpr std::size_t history_page_bytes = 512 * 1024;  // of messages in one answer
inline constexpr int resume_page_messages = 1000;              // one step of catching up

// What an edge holds for a client.
inline constexpr std::size_t outbox_bytes =
    256 * 1024;  // owed to one connection, then it is caught up from the log
inline constexpr std::size_t outbox_reply_bytes =
    1024 * 1024;  // hard cap with answers; past it the session ends
inline constexpr std::size_t outbox_resume_bytes =
    64 * 1024;  // below it a lagging session asks for its next page
inline constexpr std::size_t busy_records =
    64;  // written by a shard in the time of two --coalesce-us; from so many on it pays to wait for more
inline constexpr std::size_t busy_writes = 16;  // to the local log within busy_writes_ms: it is busy
inline constexpr int busy_writes_ms = 20;
inline constexpr int commit_pause_us = 1'500;  // between two commits of a busy local log: writes share one
inline constexpr int slow_client_deadline_ms = 15'000;  // owed something and nothing taken for so long: 4008
inline constexpr int heartbeat_s = 25;  // ping interval; silence for two of them ends the session
inline constexpr int handshake_deadline_ms =
    10'000;                                      // TCP accept to WebSocket or first HTTP request complete
inline constexpr int http_idle_ms = 30'000;      // keep-alive between two requests
inline constexpr int http_answer_ms = 45'000;    // from a request to an answer that others have a part in
inline constexpr int close_deadline_ms = 2'000;  // for the peer's close frame and TLS goodbye
inline constexpr std::uint64_t tls_records_per_key =
    std::uint64_t{1} << 24;  // then our next key: RFC 8446 (5.5) allows AES-GCM some 24 million
inline constexpr int tls_records_without_text =
    32;  // in a row from one peer: empty ones, key updates; then the connection ends
inline constexpr std::size_t send_batch_records = 256;  // that leave by one system call
inline constexpr std::size_t send_batch_text_bytes =
    1'000;  // in a record of such a batch; larger ones go alone
inline constexpr std::size_t send_batch_least =
    32;  // connections to write to in a turn, from which on a batch pays
inline constexpr std::size_t connections_per_shard = 20'000;  // then new ones are closed at once
inline constexpr std::size_t room_ring_bytes = 64 * 1024;     // newest frames an edge shard keeps per room
inline constexpr std::size_t room_ring_messages = 256;

inline constexpr int broken_close_ms =
    200;  // the same for a peer that broke the protocol; suites hang up themselves after 500

// What operators are shown.
inline constexpr std::size_t metrics_rooms =
    100;  // rooms with metrics of their own, for each worker: the fullest
inline constexpr int metrics_rooms_ms =
    2'000;  // between two looks at what changed; Prometheus asks every 5 s

// The channel.
inline constexpr std::size_t tails_moved_at_once = 16;       // that are silent, to another Kafka client
inline constexpr std::size_t tails_looked_up_at_once = 200;  // that sleep, for their logs' ends; each second
inline constexpr int tails_looked_up_within_s = 60;  // each that sleeps, while whoever appends also rings
inline constexpr int wary_tails_looked_up_within_s = 10;  // after a record was found that nobody rang for,
inline constexpr int tails_wary_s = 3'600;                // for so long
inline constexpr std::size_t doorbells_remembered =
    100'000;  // topics that were rung for of late; then no tail sleeps
inline constexpr std::size_t doorbell_queue_messages = 10'000;  // then a ring is left out
inline constexpr std::size_t producer_queue_messages =
    100'000;  // not yet acknowledged by the log, then `busy`
inline constexpr std::size_t producer_queue_kbytes = 256 * 1024;  // keys and values of these
inline constexpr int append_deadline_ms = 10'000;          // to a delivery report; then refused or unknown
inline constexpr int append_report_pause_ms = 5;           // between two looks for reports of a few appends
inline constexpr int ack_deadline_ms = 15'000;             // to the answer for a client; then unknown
inline constexpr int channel_request_deadline_ms = 5'000;  // create, remove, bounds, read
inline constexpr std::size_t record_value_bytes = 128 * 1024;  // 16 KiB of text, escaped, with its envelope

// Accounts and tokens, as the channel keeps them.
inline constexpr std::size_t account_requests = 4'096;   // not answered yet, by one directory, then `busy`
inline constexpr std::size_t password_hash_bytes = 256;  // bcrypt's has 60
inline constexpr std::size_t account_graves_per_slot = 256;  // newest deletions that a late change may meet
inline constexpr std::int64_t token_log_retention_ms =
    8LL * 24 * 60 * 60 * 1000;  // what is older than this is out of the log; a day more than a token lives
inline constexpr std::int64_t token_ttl_s =
    7LL * 24 * 60 *
    60;  // the most that a token of ours is good: it can be taken back while the log tells of it
inline constexpr std::size_t token_id_bytes = 255;  // of a token or a ticket
inline constexpr std::size_t token_reason_bytes = 128;
inline constexpr std::size_t token_requests = 4'096;         // not answered yet, then `busy`
inline constexpr std::size_t tickets_remembered = 65'536;    // taken and not expired; then none can be taken
inline constexpr std::size_t token_records_tidied = 65'536;  // own records to delete from the log later
inline constexpr std::int64_t token_tidy_after_ms =
    60'000;  // past its end a record stays so long, for edges whose clocks are behind

// Once: a repeat of (user, id) is dropped when an earlier record with it lies within both of these.
inline constexpr std::int64_t dedupe_window_records = 8'192;
inline constexpr std::int64_t dedupe_window_ms = 120'000;

// A worker's room.
inline constexpr std::size_t hub_ring_bytes = 256 * 1024;  // newest messages kept for joins and resumes
inline constexpr std::size_t hub_ring_messages = 2'048;
inline constexpr int hub_idle_ms = 30'000;           // a room nobody asks for is put down after so long
inline constexpr int activation_read_records = 256;  // first read back when a room becomes active

// The link.
inline constexpr std::size_t link_frame_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t link_outbox_bytes = 64 * 1024 * 1024;  // owed to one edge; past it the link ends
inline constexpr std::size_t link_ephemeral_bytes =
    4 * 1024 * 1024;  // an edge owed more is told no presence or typing
inline constexpr int link_ping_ms = 100;
inline constexpr int link_silence_ms = 500;  // no byte for so long: the worker is taken for dead
inline constexpr int link_connect_ms = 1'000;
inline constexpr int link_retry_ms = 200;

// Cluster membership.
inline constexpr int member_announce_ms = 3'000;
inline constexpr int member_forget_ms = 15'000;  // an announcement older than this is of a dead worker

// Rooms and their owners.
inline constexpr std::size_t room_password_input_bytes = 1'024;  // above 72 bytes none is right
inline constexpr std::size_t room_title_bytes = 200;
inline constexpr std::size_t banned_per_room = 500;    // names; all of them travel with the room's record
inline constexpr std::size_t hidden_per_room = 2'000;  // deleted messages that retention has not passed yet
inline constexpr std::int64_t retention_s_least = 60;
inline constexpr std::int64_t retention_s_most = 10LL * 366 * 86'400;
inline constexpr int rooms_page = 100;  // largest `limit` of a list of rooms
inline constexpr int rooms_default = 50;
inline constexpr std::size_t room_query_bytes = 64;  // `q` of a list of rooms

// How fast clients may be: the defaults are settings (--session-rate and so on), a second.
inline constexpr double rate_burst_s = 5;            // a bucket holds so many seconds' worth
inline constexpr std::size_t rate_entries = 65'536;  // users, addresses and rooms that are counted, each

// What an edge asks of workers on behalf of HTTP.
inline constexpr int call_deadline_ms =
    7'000;  // above channel_request_deadline_ms: the worker says it itself
inline constexpr std::size_t calls_waiting = 4'096;

// Guests' nicks.
inline constexpr int nick_reserved_ms = 60'000;  // kept for a guest who has a token and no session yet
inline constexpr std::size_t nicks_per_worker = 200'000;

// Presence, typing and signals: never in the log, dropped under load.
inline constexpr std::size_t presence_listed_members = 100;  // above it a room's presence is counts alone
inline constexpr int presence_coalesce_ms = 100;             // joins and leaves of so long travel together
inline constexpr int presence_counts_ms = 1'000;             // the same where there are only counts
inline constexpr int presence_settle_ms =
    1'000;  // a new reader of a room waits so long for all edges to tell it their members
inline constexpr int presence_grace_ms =
    3'000;  // members of an edge that vanished count so long: it may only have moved
inline constexpr std::size_t members_page = 1'000;           // of a `members` answer
inline constexpr int typing_ends_ms = 6'000;                 // typing that is not said again ends by itself
inline constexpr int typing_repeat_ms = 2'000;               // said again sooner, it is not passed on
inline constexpr std::size_t signal_data_bytes = 16 * 1024;  // an SDP offer has some 5 KiB
inline constexpr std::size_t ephemeral_outbox_bytes = 32 * 1024;  // who is owed more gets no ephemeral frames

// Passwords and tokens.
inline constexpr std::size_t password_bytes = 72;  // bcrypt looks at no more
inline constexpr int bcrypt_cost_least = 4;        // what bcrypt allows; for tests
inline constexpr int bcrypt_cost_default = 10;     // some 60 ms
inline constexpr int bcrypt_cost_most = 16;        // some 4 s; a stored hash above it is not checked
inline constexpr std::size_t hash_threads_most = 8;
inline constexpr std::size_t hash_queue_jobs = 64;        // some 4 s of one thread, then `busy`
inline constexpr std::size_t verified_passwords = 4'096;  // remembered, 32 bytes each and the map's share
inline constexpr std::size_t token_keys = 64;             // in one set
inline constexpr std::size_t token_kid_bytes = 128;
inline constexpr std::size_t token_key_file_bytes = 256 * 1024;  // a keys file, a JWKS or a PEM file
inline constexpr int rsa_bits_least = 2'048;
inline constexpr int rsa_bits_most = 4'096;  // a signature of 683 characters: the token still fits its limit
inline constexpr int ticket_ttl_s = 30;      // from a page's request to its WebSocket
inline constexpr std::size_t ticket_bytes = 2 * 1024;  // as text in a URL; ours have some 300

// Against guessing and floods.
inline constexpr int tries_free = 5;             // failures of one account or address before it must wait
inline constexpr int try_wait_first_ms = 1'000;  // then doubling
inline constexpr int try_wait_most_ms = 60'000;
inline constexpr int tries_forgotten_ms = 15 * 60'000;  // after so long without a failure
inline constexpr std::size_t throttle_entries = 16'384;
inline constexpr std::size_t trusted_proxies = 256;  // ranges in the setting

// Shutdown: each phase of a drain.
inline constexpr int drain_phase_ms = 5'000;

}  // namespace roomcast::limits
