// The rooms that are open: their messages, what of them is unread, who is there, what is on its way. Knows no document; the
// views hear of changes by events, which web/README.md lists.

import { Crowd } from "./crowd.js";
import { Pages } from "./pages.js";
import { remembered } from "./remembered.js";
import { Room } from "./room.js";
import { Emitter } from "./sdk/emitter.js";
import { uuid } from "./sdk/ids.js";

const FIRST_MESSAGES = 50;
const KEPT_IN_BACKGROUND = 200;
const KEPT_IN_VIEW = 600;
const GROWS_UNREAD_TO = 1_500;  // past it, what comes is only counted, until the reader goes to the end
const LIST_EVERY_MS = 60;
const REMEMBER_AFTER_MS = 300;

export class Rooms extends Emitter {
  #client;
  #open = new Map();
  current = null;
  pages;
  crowd;

  constructor(client) {
    super();
    this.#client = client;
    const emit = (type, event) => this.emit(type, event);
    this.pages = new Pages(client, emit);
    this.crowd = new Crowd(client, emit, (slug) => this.#open.get(slug));
    client.on("joined", (frame) => this.#joined(frame));
    client.on("message", (message) => this.#message(message));
    client.on("deleted", (frame) => this.#deleted(frame));
    client.on("room", (frame) => this.#described(frame));
    client.on("left", (frame) => this.#left(frame));
    client.on("state", () => {
      if (client.state === "live") return;
      for (const room of this.#open.values()) this.crowd.clearTyping(room);
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

  owns(room) {
    return room?.state === "open" && room.owner !== "" && room.owner === this.user;
  }

  /** Opens a room, or the one that is open already. With a password: tries to get in by it. */
  open(slug, { password, ...known } = {}) {
    const opened = this.#open.get(slug);
    if (opened && opened.state !== "out") return opened;
    const room = new Room(slug);
    room.epoch = known.epoch ?? "";
    room.read = Number.isSafeInteger(known.read) ? known.read : undefined;
    room.title = typeof known.title === "string" ? known.title : "";
    room.password = password ?? remembered.passwordOf(slug);
    room.draft = opened?.draft ?? "";
    this.#open.set(slug, room);
    this.#remember();
    this.emit("list");
    this.#client.join(slug, { last: FIRST_MESSAGES, password: room.password }).catch(() => {});  // `left` tells
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
    remembered.setPassword(slug, undefined);
    this.#remember();
    this.emit("list");
  }

  /** The owner gave it another password, or none. */
  setPassword(room, password) {
    room.password = password;
    this.#client.setPassword(room.slug, password);
    remembered.setPassword(room.slug, password);
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
    room.dropOldest(surplus);
    this.emit("trimmed", { room });
  }

  typing(room, on) {
    this.#client.typing(room.slug, on);
  }

  #joined(frame) {
    const room = this.#open.get(frame.room);
    if (!room) return;
    room.state = "open";
    if (frame.members !== undefined) room.count = frame.members;
    this.#describe(room, frame);
    if (room.private && room.password !== undefined) remembered.setPassword(room.slug, room.password);
    if (!frame.resumed) {
      const known = room.epoch === frame.epoch && room.read !== undefined;
      room.gap = frame.recovered === false ? frame.reason ?? "retention" : "";
      room.epoch = frame.epoch;
      room.tail = [...frame.messages];
      room.replace(frame, { more: frame.from !== undefined && frame.from > frame.first, live: true });
      room.unread = 0;
      room.firstUnread = undefined;
      for (const message of frame.messages) {
        this.#settle(room, message);
        if (known && message.seq > room.read && message.user !== this.user) room.countUnread(message);
      }
      if (!known) room.read = room.newest;
      this.emit("reset", { room });
    }
    this.#remember();
    this.emit("list");
    this.crowd.ask(room);
  }

  #message(message) {
    const room = this.#open.get(message.room);
    if (!room) return;
    this.#settle(room, message);
    room.typing.delete(message.user);
    room.push(message);
    const mine = message.user === this.user;
    if (mine && room.unread === 0) room.read = message.seq;
    if (!mine) room.countUnread(message);
    if (room.live) {
      if (room !== this.current && room.items.length > 2 * KEPT_IN_BACKGROUND && room.unread === 0) {
        room.dropOldest(KEPT_IN_BACKGROUND);
      } else if (room.items.length > GROWS_UNREAD_TO) {
        if (room === this.current && room.following) this.trim(room);
        else room.live = false;
      }
    }
    this.emit("message", { room, message, fresh: true });
    this.#listSoon();
  }

  #deleted({ room: slug, seq }) {
    const room = this.#open.get(slug);
    if (!room?.remove(seq)) return;
    this.emit("trimmed", { room });
    this.#listSoon();
  }

  #described(frame) {
    const room = this.#open.get(frame.room);
    if (!room) return;
    this.#describe(room, frame);
    this.#remember();
    this.emit("list");
    this.emit("people", { room });
    this.emit("trimmed", { room });  // who may delete messages is another, maybe
  }

  #describe(room, { title, owner, private: isPrivate }) {
    room.title = title ?? "";
    room.owner = owner ?? "";
    room.private = isPrivate === true;
  }

  /** A message of ours has its place. */
  #settle(room, message) {
    if (message.user === this.user && room.pending.delete(message.id)) this.emit("pending", { room, id: message.id });
  }

  #left(frame) {
    const room = this.#open.get(frame.room);
    if (!room) return;
    const wrong = frame.reason === "no_such_room" && room.password !== undefined;
    room.shut(wrong ? "wrong_password" : frame.reason ?? "", frame.error);
    remembered.setPassword(room.slug, undefined);
    this.emit("list");
    this.emit("people", { room });
    this.emit("typing", { room });
    this.emit("reset", { room });
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
    this.#rememberTimer ??= setTimeout(() => this.#remember(), REMEMBER_AFTER_MS);
  }

  #remember() {
    clearTimeout(this.#rememberTimer);
    this.#rememberTimer = undefined;
    remembered.rooms = this.list.map(({ slug, epoch, read, title }) => ({ slug, epoch, read, title }));
  }
}
