// One user's connection to Roomcast: keeps itself up, resumes its rooms where they were, and sends each message until the
// server has said what became of it. Knows the protocol and nothing of the page.

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
const HISTORY_MESSAGES = 50;

const TOKEN_EXPIRED = 4001;
const REMOVED = 4002;

export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** Gets a guest's token, which the browser keeps as a cookie that no script can read. */
export async function becomeGuest(nick) {
  const answer = await fetch("guest", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ nick }),
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body.error ?? { code: "internal", message: `the server answered ${answer.status}` });
  return body.user;
}

/**
 * `on` hears what happens:
 *   status(text)                       in words for people
 *   joined(room, frame)                a room is open; frame.recovered === true means that frame.messages follow what was shown
 *   message(room, frame)               one message, in order
 *   settled(room, id, error, shown)    a message of ours is acked, or refused for good; shown: its place has passed by already
 *   left(room, reason?)
 */
export class Connection {
  #on;
  #nick;
  #socket = null;
  #rooms = new Map();    // slug -> { epoch, last }, of those that we want to be in; epoch is unset until joined
  #unsettled = new Map(); // id -> { room, text }, in the order of sending
  #leaving = new Set();  // rooms to leave once nothing of ours is unsettled there
  #pages = new Map();    // id -> { resolve, reject }, history asked for
  #retryMs = FIRST_RETRY_MS;
  #retryTimer = null;

  constructor(nick, on) {
    this.#nick = nick;
    this.#on = on;
    window.addEventListener("online", () => this.#connectSoon(0));
  }

  connect() {
    const url = new URL("ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.hash = "";
    this.#on.status("connecting…");
    const socket = new WebSocket(url, "roomcast.v1");
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(code);
  }

  join(room) {
    this.#leaving.delete(room);
    this.#rooms.set(room, {});  // from anew, even where we still are: the page has let go of what it had
    this.#sendJoin(room);
  }

  leave(room) {
    this.#leaving.add(room);
    this.#leaveWhereDone();
  }

  /** Queues a message; `settled` tells its end. Gives its id. */
  say(room, text) {
    const id = crypto.randomUUID();
    this.#unsettled.set(id, { room, text });
    if (this.#rooms.get(room)?.epoch) this.#sendMessage(id);
    return id;
  }

  /** A page of the messages before a seq: { messages, more }. */
  older(room, before) {
    return new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      this.#pages.set(id, { resolve, reject });
      if (!this.#send({ type: "history", room, id, before, limit: HISTORY_MESSAGES })) this.#endPages();
    });
  }

  #send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #sendJoin(room) {
    const { epoch, last } = this.#rooms.get(room);
    this.#send(epoch ? { type: "join", room, epoch, since: last } : { type: "join", room, last: HISTORY_MESSAGES });
  }

  #sendMessage(id) {
    const message = this.#unsettled.get(id);
    if (message) this.#send({ type: "message", id, ...message });
  }

  #receive(frame) {
    switch (frame.type) {
      case "welcome":
        this.#retryMs = FIRST_RETRY_MS;
        this.#on.status(`connected as ${frame.user}`);
        for (const room of this.#rooms.keys()) this.#sendJoin(room);
        break;
      case "joined": {
        const room = this.#rooms.get(frame.room);
        if (!room) break;
        this.#rooms.set(frame.room, { epoch: frame.epoch, last: frame.last });
        this.#on.joined(frame.room, frame);
        for (const [id, message] of this.#unsettled) if (message.room === frame.room) this.#sendMessage(id);
        break;
      }
      case "message": {
        const room = this.#rooms.get(frame.room);
        if (!room) break;
        room.last = frame.seq;
        this.#on.message(frame.room, frame);
        break;
      }
      case "ack":
        this.#settle(frame.id, undefined, frame.seq <= this.#rooms.get(frame.room)?.last);
        break;
      case "history":
        this.#pages.get(frame.id)?.resolve(frame);
        this.#pages.delete(frame.id);
        break;
      case "left":  // without a reason it is the answer to our own leave
        if (frame.reason) this.#forget(frame.room, frame.reason);
        break;
      case "error":
        this.#refused(frame);
        break;
    }
  }

  #refused(error) {
    const { id, room, code, retry_after_ms: waitMs } = error;
    if (this.#unsettled.has(id)) {
      // A room that we are about to be in again will have it sent again.
      if (waitMs) setTimeout(() => this.#sendMessage(id), waitMs);
      else if (code !== "not_a_member" || !this.#rooms.has(this.#unsettled.get(id).room)) this.#settle(id, error);
    } else if (this.#pages.has(id)) {
      this.#pages.get(id).reject(new Refused(error));
      this.#pages.delete(id);
    } else if (this.#rooms.has(room) && code !== "room_gone") {
      // An answer to a join; of a room that is gone `left` tells.
      if (waitMs) setTimeout(() => this.#rooms.has(room) && this.#sendJoin(room), waitMs);
      else this.#forget(room, error.message);
    } else if (code !== "room_gone") {
      this.#on.status(error.message);
    }
  }

  #settle(id, error, shown = false) {
    const message = this.#unsettled.get(id);
    if (!this.#unsettled.delete(id)) return;
    this.#on.settled(message.room, id, error, shown);
    this.#leaveWhereDone();
  }

  #forget(room, reason) {
    if (!this.#rooms.delete(room)) return;
    for (const [id, message] of [...this.#unsettled]) {
      if (message.room === room) this.#settle(id, { message: reason ?? "you left the room" });
    }
    this.#on.left(room, reason);
  }

  #leaveWhereDone() {
    for (const room of [...this.#leaving]) {
      if ([...this.#unsettled.values()].some((message) => message.room === room)) continue;
      this.#leaving.delete(room);
      this.#rooms.delete(room);
      this.#send({ type: "leave", room });
    }
  }

  async #lost(code) {
    this.#endPages();
    if (code === REMOVED) {
      this.#on.status("you were removed");
      return;
    }
    // A browser does not tell why an upgrade was refused; a token that ran out is one reason, and a new one does no harm.
    const wasOpen = this.#retryMs === FIRST_RETRY_MS;
    if (code === TOKEN_EXPIRED || !wasOpen) {
      await becomeGuest(this.#nick).catch(() => {});
    }
    const waitMs = this.#retryMs * (0.5 + Math.random());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    this.#on.status("connection lost, coming back…");
    this.#connectSoon(waitMs);
  }

  #connectSoon(waitMs) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      const state = this.#socket?.readyState;
      if (state !== WebSocket.OPEN && state !== WebSocket.CONNECTING) this.connect();
    }, waitMs);
  }

  #endPages() {
    for (const { reject } of this.#pages.values()) reject(new Refused({ code: "unavailable", message: "not connected" }));
    this.#pages.clear();
  }
}
