// The rooms that are open: their messages, what of them is unread, who is there, what is on its way. Knows no document; the
// views hear of changes by events:
//
//   list             a room came, went, or its unread count or state changed
//   shown            another room is the current one (or none)
//   reset(room)      its messages are others than before
//   message(room, message, fresh)   one message at its end; fresh: it came live
//   older(room, messages), newer(room, messages)   a page at its start or end
//   trimmed(room, count)     so many of its oldest were let go
//   pending(room, id)        a message of ours changed its state, or is gone
//   people(room), typing(room)

import { Emitter } from "./sdk/emitter.js";
import { uuid } from "./sdk/roomcast.js";
import { remembered } from "./remembered.js";

const PAGE = 50;
const KEPT_IN_BACKGROUND = 200;
const KEPT_IN_VIEW = 600;
const GROWS_UNREAD_TO = 1_500;  // past it, what comes is only counted, until the reader goes to the end
const TAIL = 250;               // newest messages kept beside, to join a page of the log to what came meanwhile
const LISTED_MEMBERS = 100;     // above it the server tells counts alone
const TYPING_ENDS_MS = 8_000;
const LIST_EVERY_MS = 60;

export const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

class Room {
  constructor(slug) {
    this.slug = slug;
    this.state = "joining";  // open, gone (deleted), refused
    this.reason = "";
    this.epoch = "";
    this.items = [];         // messages in a row, by seq
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
}

export class Rooms extends Emitter {
  #client;
  #open = new Map();
  current = null;

  constructor(client) {
    super();
    this.#client = client;
    client.on("joined", (frame) => this.#joined(frame));
    client.on("message", (message) => this.#message(message));
    client.on("presence", (frame) => this.#presence(frame));
    client.on("typing", (frame) => this.#typing(frame));
    client.on("left", (frame) => this.#left(frame));
    client.on("state", () => {
      if (client.state === "live") return;
      for (const room of this.#open.values()) this.#clearTyping(room);
    });
  }

  get user() {
    return this.#client.user;
  }

  get list() {
    return [...this.#open.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1));
  }

  get unread() {
    let sum = 0;
    for (const room of this.#open.values()) sum += room.unread;
    return sum;
  }

  get(slug) {
    return this.#open.get(slug);
  }

  /** Opens a room, or the one that is open already. */
  open(slug, known = {}) {
    const opened = this.#open.get(slug);
    if (opened && opened.state !== "gone" && opened.state !== "refused") return opened;
    const room = new Room(slug);
    room.epoch = known.epoch ?? "";
    room.read = Number.isSafeInteger(known.read) ? known.read : undefined;
    this.#open.set(slug, room);
    this.#remember();
    this.emit("list");
    this.#client.join(slug, { last: PAGE }).catch(() => {});  // `left` tells
    if (this.current?.slug === slug) this.show(slug);
    return room;
  }

  show(slug) {
    if (this.current && this.current.slug !== slug && this.current.unread === 0) this.current.firstUnread = undefined;
    this.current = slug ? this.#open.get(slug) ?? null : null;
    if (slug) remembered.last = slug;
    this.emit("shown");
  }

  leave(slug) {
    if (!this.#open.has(slug)) return;
    this.#open.delete(slug);
    this.#client.leave(slug);
    this.#remember();
    this.emit("list");
  }

  /** Sends; the message is among `pending` until it has its place, or was refused. */
  say(room, text, id = undefined) {
    const message = { id: id ?? uuid(), text, at: new Date(), state: "sending", error: null };
    room.pending.set(message.id, message);
    if (room.firstUnread !== undefined && room.unread === 0) {
      room.firstUnread = undefined;
      this.emit("reset", { room });
    }
    this.emit("pending", { room, id: message.id });
    this.#client.send(room.slug, text, { id: message.id }).then(
      ({ seq }) => {
        // It was shown before the ack, as a rule; or its place is in a part of the log that is not shown.
        if (seq <= (room.tail.at(-1)?.seq ?? -1) && room.pending.delete(message.id)) this.emit("pending", { room, id: message.id });
      },
      (error) => {
        if (!room.pending.has(message.id)) return;
        message.state = "failed";
        message.error = error;
        this.emit("pending", { room, id: message.id });
      });
    return message.id;
  }

  again(room, id) {
    const message = room.pending.get(id);
    if (message) this.say(room, message.text, id);
  }

  discard(room, id) {
    if (room.pending.delete(id)) this.emit("pending", { room, id });
  }

  /** The page before what is there. */
  async older(room) {
    if (room.loading || !room.more || room.items.length === 0 || room.state !== "open") return;
    room.loading = true;
    this.emit("loading", { room });
    const { items } = room;
    try {
      const before = items[0].seq;
      const page = await this.#client.history(room.slug, { before, limit: PAGE });
      if (room.items !== items || items[0]?.seq !== before) return;
      room.more = page.more;
      items.unshift(...page.messages);
      this.emit("older", { room, messages: page.messages });
    } catch {
      // The reader will ask again by scrolling, or by the button.
    } finally {
      room.loading = false;
      this.emit("loading", { room });
    }
  }

  /** The page after what is there, where that does not reach to now. */
  async newer(room) {
    if (room.loading || room.live || room.state !== "open") return;
    room.loading = true;
    const { items } = room;
    try {
      const page = await this.#client.history(room.slug, { after: room.newest, limit: PAGE });
      if (room.items !== items) return;
      const messages = page.more ? page.messages : this.#withTail(room, page.messages, room.newest);
      if (!page.more) room.live = true;
      items.push(...messages);
      this.emit("newer", { room, messages });
    } catch {
      // As above.
    } finally {
      room.loading = false;
    }
  }

  /** Shows what was said from a time on; false where there is nothing that late. */
  async toTime(room, date) {
    const page = await this.#client.history(room.slug, { from_time: date.toISOString(), limit: PAGE });
    if (page.messages.length === 0) return false;
    this.#replace(room, page.more ? page.messages : this.#withTail(room, page.messages), { more: true, live: !page.more });
    return page.messages[0].seq;
  }

  /** Back to the newest messages. */
  async toEnd(room) {
    if (room.live) return;
    const page = await this.#client.history(room.slug, { limit: PAGE });
    this.#replace(room, this.#withTail(room, page.messages), { more: page.more, live: true });
  }

  markRead(room) {
    const newest = room.tail.at(-1)?.seq ?? room.newest;
    if (room.unread === 0 && room.read === newest) return;
    room.read = newest;
    const was = room.unread;
    room.unread = 0;
    this.#rememberSoon();
    if (was > 0) this.#listSoon();
  }

  /** Lets go of the oldest messages in view, which the log has anyway. */
  trim(room) {
    const surplus = room.items.length - KEPT_IN_VIEW;
    if (surplus < KEPT_IN_VIEW / 4 || !room.live) return;
    room.items.splice(0, surplus);
    room.more = true;
    this.emit("trimmed", { room, count: surplus });
  }

  typing(room, on) {
    this.#client.typing(room.slug, on);
  }

  #replace(room, items, { more, live }) {
    room.items = items;
    room.more = more;
    room.live = live;
    room.gap = "";
    this.emit("reset", { room });
  }

  /** A page that ends at the log's end, and what came since it was read. */
  #withTail(room, messages, after = -1) {
    const last = messages.at(-1)?.seq ?? after;
    return [...messages, ...room.tail.filter(({ seq }) => seq > last)];
  }

  #joined(frame) {
    const room = this.#open.get(frame.room);
    if (!room) return;
    room.state = "open";
    if (frame.members !== undefined) room.count = frame.members;
    if (frame.resumed) {
      for (const message of frame.messages) this.#take(room, message, true);
    } else {
      const known = room.epoch === frame.epoch && room.read !== undefined;
      room.gap = frame.recovered === false ? frame.reason ?? "retention" : "";
      room.epoch = frame.epoch;
      room.tail = [...frame.messages];
      room.items = [...frame.messages];
      room.more = frame.messages.length > 0 && frame.messages[0].seq > frame.first;
      room.live = true;
      room.unread = 0;
      room.firstUnread = undefined;
      for (const message of frame.messages) {
        this.#settle(room, message);
        if (known && message.seq > room.read && message.user !== this.user) this.#countUnread(room, message);
      }
      if (!known) room.read = room.newest;
      this.emit("reset", { room });
    }
    this.#remember();
    this.emit("list");
    this.#askMembers(room);
  }

  #message(message) {
    const room = this.#open.get(message.room);
    if (room) this.#take(room, message, true);
  }

  #take(room, message, fresh) {
    this.#settle(room, message);
    room.typing.delete(message.user);
    room.tail.push(message);
    if (room.tail.length > 2 * TAIL) room.tail.splice(0, TAIL);
    const mine = message.user === this.user;
    if (mine && room.unread === 0) room.read = message.seq;
    if (!mine) this.#countUnread(room, message);
    if (room.live) {
      room.items.push(message);
      if (room !== this.current && room.items.length > 2 * KEPT_IN_BACKGROUND && room.unread === 0) {
        room.items.splice(0, KEPT_IN_BACKGROUND);
        room.more = true;
      } else if (room.items.length > GROWS_UNREAD_TO) {
        if (room === this.current && room.following) this.trim(room);
        else room.live = false;
      }
    }
    this.emit("message", { room, message, fresh });
    this.#listSoon();
  }

  #countUnread(room, message) {
    room.unread++;
    if (room.unread === 1) room.firstUnread = message.seq;
  }

  /** A message of ours has its place. */
  #settle(room, message) {
    if (message.user === this.user && room.pending.delete(message.id)) this.emit("pending", { room, id: message.id });
  }

  #left(frame) {
    const room = this.#open.get(frame.room);
    if (!room) return;
    room.state = frame.reason === "room_gone" ? "gone" : "refused";
    room.reason = frame.error?.message ?? "";
    room.members.clear();
    room.count = 0;
    this.emit("list");
    this.emit("people", { room });
    this.emit("reset", { room });
  }

  async #askMembers(room) {
    try {
      const { members, count } = await this.#client.members(room.slug);
      room.members = new Map(members.map(({ session, user }) => [session, user]));
      room.count = count;
      room.listed = members.length >= count;
      this.emit("people", { room });
    } catch {
      // Presence will tell of those who come and go; the rest after the next join.
    }
  }

  #presence({ room: slug, joined, left, count }) {
    const room = this.#open.get(slug);
    if (!room) return;
    for (const { session, user } of joined) room.members.set(session, user);
    for (const { session, user } of left) {
      room.members.delete(session);
      room.typing.delete(user);
    }
    room.count = count;
    room.listed = room.members.size === count;
    this.emit("people", { room });
    this.emit("typing", { room });
    // Told counts alone, or something was lost on the way: the list is asked for anew, once things are quiet.
    if (!room.listed && count <= LISTED_MEMBERS) {
      clearTimeout(room.askTimer);
      room.askTimer = setTimeout(() => this.#open.get(slug) === room && this.#askMembers(room), 1_000);
    }
  }

  /** Asks for the list where presence told counts alone. */
  async refreshMembers(room) {
    if (!room.listed && room.state === "open") await this.#askMembers(room);
  }

  #typing({ room: slug, user, typing }) {
    const room = this.#open.get(slug);
    if (!room) return;
    if (typing) {
      room.typing.set(user, Date.now() + TYPING_ENDS_MS);
      setTimeout(() => {
        if (room.typing.get(user) > Date.now()) return;
        if (room.typing.delete(user)) this.emit("typing", { room });
      }, TYPING_ENDS_MS + 50);
    } else {
      room.typing.delete(user);
    }
    this.emit("typing", { room });
  }

  #clearTyping(room) {
    if (room.typing.size === 0) return;
    room.typing.clear();
    this.emit("typing", { room });
  }

  #listTimer;

  /** Where much is said the list of rooms need not be drawn for each word. */
  #listSoon() {
    this.#listTimer ??= setTimeout(() => {
      this.#listTimer = undefined;
      this.emit("list");
    }, LIST_EVERY_MS);
  }

  #rememberTimer;

  #rememberSoon() {
    this.#rememberTimer ??= setTimeout(() => this.#remember(), 300);
  }

  #remember() {
    clearTimeout(this.#rememberTimer);
    this.#rememberTimer = undefined;
    remembered.rooms = this.list.map(({ slug, epoch, read }) => ({ slug, epoch, read }));
  }
}
