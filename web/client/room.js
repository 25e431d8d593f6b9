// One room that is open here: what of its log is in view, who is in it, what is on its way.

export const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** What somebody typed as a room's name, or null: capitals and a # in front are no reason to refuse. */
export function slugOf(text) {
  const slug = text.trim().replace(/^#/, "").toLowerCase().replace(/\s+/g, "-");
  return SLUG.test(slug) ? slug : null;
}

const TAIL = 250;  // newest messages kept beside, to join a page of the log to what came meanwhile

export class Room {
  constructor(slug) {
    this.slug = slug;
    this.state = "joining";  // open; out: not in it, for the reason
    this.reason = "";        // the code of a refusal, or of a `left`
    this.error = null;       // a refusal's error
    this.title = "";
    this.owner = "";
    this.private = false;
    this.password = undefined;
    this.epoch = "";
    this.items = [];         // messages in a row, by seq
    this.from = -1;          // where that row begins and ends in the log, with what is not shown of it
    this.to = -1;
    this.more = true;        // there are older ones
    this.live = true;        // the row reaches to now
    this.loading = false;
    this.gap = "";           // why the row does not follow what was shown before
    this.tail = [];
    this.read = undefined;   // the highest seq that was seen
    this.unread = 0;
    this.firstUnread = undefined;
    this.pending = new Map(); // id -> { id, text, at, state: sending | failed, error }
    this.members = new Map(); // session -> user
    this.listed = false;     // whether `members` is all
    this.count = 0;
    this.typing = new Map(); // user -> until
    this.draft = "";
    this.following = true;   // the reader is at the end, by the timeline
    this.scroll = undefined; // where the reader was, by the timeline
  }

  get newest() {
    return this.items.at(-1)?.seq ?? -1;
  }

  /** Another row of messages in the place of the one that is there. @param part of the log, as the SDK gives it */
  replace(part, { more, live }) {
    this.items = [...part.messages];
    this.from = part.from ?? -1;
    this.to = part.to ?? -1;
    this.more = more;
    this.live = live;
  }

  /** A message at the end of the log. */
  push(message) {
    this.tail.push(message);
    if (this.tail.length > 2 * TAIL) this.tail.splice(0, TAIL);
    if (!this.live) return;
    this.items.push(message);
    this.to = message.seq;
    if (this.from < 0) this.from = message.seq;
  }

  /** Messages that end at the log's end, and what came since they were read. */
  withTail(messages, after = -1) {
    const last = messages.at(-1)?.seq ?? after;
    return [...messages, ...this.tail.filter(({ seq }) => seq > last)];
  }

  /** Lets go of so many of the oldest, which the log has anyway. */
  dropOldest(count) {
    this.items.splice(0, count);
    this.from = this.items[0]?.seq ?? this.from;
    this.more = true;
  }

  /** A message was deleted. Gives whether it was in view. */
  remove(seq) {
    const without = (messages) => {
      const at = messages.findIndex((message) => message.seq === seq);
      if (at >= 0) messages.splice(at, 1);
      return at >= 0;
    };
    without(this.tail);
    if (!without(this.items)) return false;
    if (this.firstUnread !== undefined && seq >= this.firstUnread && this.unread > 0) {
      this.unread--;
      if (seq === this.firstUnread) this.firstUnread = this.items.find((message) => message.seq > seq)?.seq;
    }
    return true;
  }

  countUnread(message) {
    this.unread++;
    if (this.unread === 1) this.firstUnread = message.seq;
  }

  /** Put out, or not let in: nothing of it stays in view. */
  shut(reason, error) {
    this.state = "out";
    this.reason = reason;
    this.error = error ?? null;
    this.items = [];
    this.tail = [];
    this.more = false;
    this.unread = 0;
    this.firstUnread = undefined;
    this.members.clear();
    this.typing.clear();
    this.count = 0;
  }
}
