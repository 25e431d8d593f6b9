// Roomcast's SDK: one user's connection, kept up, its rooms resumed where they were, its messages sent until the server has
// said what became of them. For browsers and Node 20 or newer; knows the protocol and nothing of any page.

import { Emitter } from "./emitter.js";
import { RoomcastError, closeAdvice } from "./errors.js";
import { Outbox } from "./outbox.js";

export { RoomcastError, closeAdvice };

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
const AT_ONCE_MS = 250;           // and a random part, lest all come back in the same moment
const RESTART_SPREAD_MS = 1_000;
const CONNECT_DEADLINE_MS = 10_000;
const PROBE_DEADLINE_MS = 5_000;
const WATCH_MS = 1_000;
const ASK_AGAIN_MOST = 5;
const TEXT_BYTES_MOST = 16 * 1024;
const HISTORY_MESSAGES = 50;
const JOIN_ID = "join";
const PROBE_ID = "probe";

/** @typedef {{ type: "message", room: string, seq: number, id: string, user: string, text: string, time: string }} Message */
/** @typedef {{ session: string, user: string }} Person */
/** @typedef {{ room: string, messages: Message[], more: boolean }} Page */
/** @typedef {{ room: string, members: Person[], count: number }} Members */
/** @typedef {{ room: string, epoch: string, recovered?: boolean, reason?: string, first: number, last: number,
 *   members?: number, messages: Message[] }} Joined */
/** `connecting` for the first time, `live`, `recovering` (back, or about to be, and catching up), `offline` (attempts fail; the
 * next is at `retryAt`), `closed` for good, with a reason.
 * @typedef {"connecting" | "live" | "recovering" | "offline" | "closed"} State */
/** @typedef {{ last: number, epoch?: string, seq: number, open: boolean, asked: Array<{ resolve: (joined: Joined) => void,
 *   reject: (error: RoomcastError) => void }> }} Room */
/**
 * @typedef {object} Options
 * @property {string | URL} [url]      of the WebSocket; beside the page by default
 * @property {string | (() => string | Promise<string>)} [token]   a JWT, or who gives one; the cookie is used without
 * @property {() => string | Promise<string>} [ticket]  gives a one-use ticket for each connection
 * @property {() => unknown} [renew]   called (and awaited) when the token may have run out, before the next attempt
 * @property {any} [WebSocket]         the class to use; the global one by default
 * @property {EventTarget} [network]   tells `online` and `offline`; the window by default
 */

/**
 * Events (`on(type, listener)` or `for await (const event of client.events())`):
 *
 * | type | holds |
 * |---|---|
 * | `state` | `state`, with `reason` and `retryAt` (ms since 1970) where there are any |
 * | `welcome` | `session`, `user`, `node` |
 * | `joined` | the frame; `resumed` is true where its messages follow what was told before, without a gap |
 * | `message` | a Message, in rising seq within its room; those of `joined` are not told again |
 * | `presence`, `typing`, `signal` | the frames |
 * | `left` | `room`, with a `reason` where it was not asked for |
 * | `error` | a RoomcastError as `error` that answers no call, or a server that breaks the order (`out_of_order`) |
 */
export class RoomcastClient extends Emitter {
  #options;
  /** @type {any} */
  #socket = null;
  /** @type {State} */
  #state = "closed";
  #reason = "not connected yet";
  /** @type {number | undefined} */
  #retryAt;
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** @type {Map<string, { frame: any, tries: number, resolve: (answer: any) => void, reject: (error: RoomcastError) => void }>} */
  #questions = new Map();
  #outbox = new Outbox((frame) => this.#send(frame), (room) => this.#rooms.get(room)?.open === true);
  #retryMs = FIRST_RETRY_MS;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retryTimer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch;
  #heardAt = 0;
  #probedAt = 0;
  #heartbeatMs = 25_000;
  #welcomed = false;
  #wanted = false;
  #attempt = 0;
  /** @type {(() => void) | undefined} */
  #unlisten;
  session = "";
  user = "";

  /** @param {Options} [options] */
  constructor(options = {}) {
    super();
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  get reason() {
    return this.#reason;
  }

  get retryAt() {
    return this.#retryAt;
  }

  /** Messages that have no answer yet. */
  get unsettled() {
    return this.#outbox.size;
  }

  /** Begins; from now on the connection is kept up until `close`. */
  connect() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#become("connecting");
    const network = this.#options.network ?? (typeof window === "undefined" ? undefined : window);
    const online = () => (this.#welcomed ? this.probe() : this.#connectIn(0));
    const offline = () => this.probe();
    network?.addEventListener("online", online);
    network?.addEventListener("offline", offline);
    this.#unlisten = () => {
      network?.removeEventListener("online", online);
      network?.removeEventListener("offline", offline);
    };
    this.#open();
  }

  /** Ends for good; what waits is rejected. @param {string} [reason] */
  close(reason = "closed") {
    this.#wanted = false;
    this.#attempt++;
    this.#unlisten?.();
    clearTimeout(this.#retryTimer);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    socket?.close(1000);
    const error = new RoomcastError("closed", reason);
    this.#outbox.drop(error);
    this.#dropQuestions(error);
    for (const room of this.#rooms.values()) for (const { reject } of room.asked.splice(0)) reject(error);
    this.#rooms.clear();
    this.#become("closed", reason);
  }

  /** Tries at once, where the next attempt is still some seconds off. */
  retryNow() {
    if (this.#wanted && !this.#socket) this.#connectIn(0);
  }

  /**
   * Joins a room and stays in it through reconnects. Resolves with the first `joined`.
   * @param {string} room @param {{ last?: number }} [options] how many of the newest messages to get
   * @returns {Promise<Joined>}
   */
  join(room, { last = HISTORY_MESSAGES } = {}) {
    const asked = new Promise((resolve, reject) => {
      const joining = { last, seq: -1, open: false, asked: [{ resolve, reject }] };
      this.#rooms.get(room)?.asked.forEach((waiting) => joining.asked.push(waiting));
      this.#rooms.set(room, joining);
    });
    this.#outbox.unsend(room);
    this.#sendJoin(room);
    return /** @type {Promise<Joined>} */ (asked);
  }

  /** Leaves; messages of ours that wait there are rejected. @param {string} room */
  leave(room) {
    if (!this.#forget(room, new RoomcastError("left", "you left the room"))) return;
    this.#send({ type: "leave", room });
    this.emit("left", { room });
  }

  /**
   * Sends a message. Resolves when it is durable, rejects when it was refused for good; in between it is sent again, under the
   * same id, as often as it takes.
   * @param {string} room @param {string} text @param {{ id?: string }} [options]
   * @returns {Promise<{ id: string, room: string, seq: number }>}
   */
  send(room, text, { id = uuid() } = {}) {
    if (!this.#rooms.has(room)) return Promise.reject(new RoomcastError("not_a_member", "join the room first"));
    if (new TextEncoder().encode(text).length > TEXT_BYTES_MOST)
      return Promise.reject(new RoomcastError("text_too_long", "the text is longer than a message may be"));
    return this.#outbox.add(id, room, text);
  }

  /** @param {string} room @param {boolean} typing */
  typing(room, typing = true) {
    if (this.#rooms.get(room)?.open) this.#send({ type: "typing", room, typing });
  }

  /** @param {string} room @returns {Promise<Members>} */
  members(room) {
    return this.#ask({ type: "members", room });
  }

  /**
   * A page of the log; the newest without a direction.
   * @param {string} room
   * @param {{ before?: number, after?: number, from_time?: string, limit?: number }} [where]
   * @returns {Promise<Page>}
   */
  history(room, where = {}) {
    return this.#ask({ type: "history", room, limit: HISTORY_MESSAGES, ...where });
  }

  /** Passes data to one session in a room. It may be lost without a word. An `error` event tells of a session that is not there.
   * @param {string} room @param {string} to @param {unknown} data @param {string} [id] */
  signal(room, to, data, id) {
    return this.#send({ type: "signal", room, to, data, ...(id ? { id } : {}) });
  }

  /** Puts a fresh token in the place of the session's. @param {string} token */
  refresh(token) {
    this.#send({ type: "refresh", token });
  }

  /** Finds out soon whether the connection still lives. */
  probe() {
    if (!this.#welcomed || this.#probedAt) return;
    this.#probedAt = Date.now();
    // Any question will do, even one that is refused: what counts is that an answer comes.
    this.#send({ type: "history", room: this.#rooms.keys().next().value ?? "probe", id: PROBE_ID, limit: 1 });
  }

  /** @param {object} frame */
  #send(frame) {
    if (!this.#welcomed || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** @param {any} frame @returns {Promise<any>} */
  #ask(frame) {
    return new Promise((resolve, reject) => {
      const id = uuid();
      this.#questions.set(id, { frame: { ...frame, id }, tries: 0, resolve, reject });
      if (!this.#rooms.has(frame.room)) this.#answerWith(id, new RoomcastError("not_a_member", "join the room first"));
      else if (!this.#send({ ...frame, id })) this.#answerWith(id, disconnected());
    });
  }

  /** @param {string} id @param {RoomcastError} error */
  #answerWith(id, error) {
    const question = this.#questions.get(id);
    if (!question) return;
    if (error.retryAfterMs !== undefined && question.tries++ < ASK_AGAIN_MOST) {
      setTimeout(() => {
        if (this.#questions.get(id) === question && !this.#send(question.frame)) this.#answerWith(id, disconnected());
      }, error.retryAfterMs);
      return;
    }
    this.#questions.delete(id);
    question.reject(error);
  }

  /** @param {RoomcastError} error */
  #dropQuestions(error) {
    for (const id of [...this.#questions.keys()]) {
      this.#questions.get(id)?.reject(error);
      this.#questions.delete(id);
    }
  }

  async #open() {
    const attempt = ++this.#attempt;
    clearTimeout(this.#retryTimer);
    this.#retryAt = undefined;
    const { WebSocket = globalThis.WebSocket, token, ticket } = this.#options;
    let socket;
    try {
      const url = new URL(this.#options.url ?? "ws", typeof location === "undefined" ? undefined : location.href);
      url.protocol = url.protocol.replace("http", "ws");
      url.hash = "";
      if (ticket) url.searchParams.set("ticket", await ticket());
      const given = typeof token === "function" ? await token() : token;
      if (attempt !== this.#attempt) return;
      socket = new WebSocket(url, given ? ["roomcast.v1", `bearer.${given}`] : ["roomcast.v1"]);
    } catch {
      if (attempt === this.#attempt) this.#lost(1006);
      return;
    }
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onmessage = (/** @type {{ data: any }} */ { data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(data)));
    };
    socket.onclose = (/** @type {{ code: number }} */ { code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
    socket.onerror = () => {};  // a close follows, and tells all that is to be known
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#watchOver(), WATCH_MS);
  }

  #watchOver() {
    const silentMs = Date.now() - this.#heardAt;
    if (!this.#welcomed ? silentMs > CONNECT_DEADLINE_MS
      : silentMs > 2 * this.#heartbeatMs || (this.#probedAt && Date.now() - this.#probedAt > PROBE_DEADLINE_MS)) {
      const socket = this.#socket;
      this.#lost(1006);
      socket?.close();
    } else if (this.#welcomed && silentMs > this.#heartbeatMs) {
      this.probe();
    }
  }

  /** @param {number} code */
  #lost(code) {
    clearInterval(this.#watch);
    this.#socket = null;
    const wasLive = this.#welcomed;
    this.#welcomed = false;
    this.#probedAt = 0;
    for (const room of this.#rooms.values()) room.open = false;
    this.#outbox.unsend();
    this.#dropQuestions(disconnected());
    if (!this.#wanted) return;
    const { advice, reason } = closeAdvice(code);
    if (advice === "never") {
      this.close(reason);
      return;
    }
    let waitMs;
    if (wasLive && advice !== "pause") {
      waitMs = code === 1012 ? Math.random() * RESTART_SPREAD_MS : Math.random() * AT_ONCE_MS;
    } else {
      waitMs = this.#retryMs * (0.5 + Math.random());
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    }
    if (wasLive) this.#failures = 0;
    else this.#failures++;
    this.#connectIn(waitMs, advice === "new token" || this.#failures > 0);
    this.#become(wasLive ? "recovering" : "offline", reason);
  }

  /** @param {number} ms @param {boolean} [renew] */
  #connectIn(ms, renew = false) {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#retryAt = Date.now() + ms;
    this.#retryTimer = setTimeout(async () => {
      // A browser does not tell why an upgrade was refused; a token that ran out is one reason.
      if (renew) await Promise.resolve(this.#options.renew?.()).catch(() => {});
      if (this.#wanted && !this.#socket) this.#open();
    }, ms);
  }

  /** @param {State} state @param {string} [reason] */
  #become(state, reason = "") {
    this.#state = state;
    this.#reason = reason;
    this.emit("state", { state, reason, retryAt: this.#retryAt });
  }

  /** Live is who has been let into every room that it wants. */
  #becomeLive() {
    if (!this.#welcomed || this.#state === "live") return;
    for (const room of this.#rooms.values()) if (!room.open) return;
    this.#become("live");
  }

  /** @param {string} slug */
  #sendJoin(slug) {
    const room = this.#rooms.get(slug);
    if (!room) return;
    this.#send({ type: "join", room: slug, id: JOIN_ID, last: room.last, ...(room.epoch ? { epoch: room.epoch, since: room.seq } : {}) });
  }

  /** @param {any} frame */
  #receive(frame) {
    this.#heardAt = Date.now();
    this.#probedAt = 0;
    switch (frame.type) {
      case "welcome":
        this.#welcomed = true;
        this.#retryMs = FIRST_RETRY_MS;
        this.#failures = 0;
        this.#heartbeatMs = frame.heartbeat_s * 1000;
        this.session = frame.session;
        this.user = frame.user;
        this.emit("welcome", frame);
        if (this.#state !== "connecting") this.#become("recovering", this.#reason);
        for (const slug of this.#rooms.keys()) this.#sendJoin(slug);
        this.#becomeLive();
        break;
      case "joined":
        this.#joined(frame);
        break;
      case "message":
        this.#message(frame);
        break;
      case "ack":
        this.#outbox.acked(frame);
        break;
      case "history":
      case "members":
        this.#questions.get(frame.id)?.resolve(frame);
        this.#questions.delete(frame.id);
        break;
      case "left":
        if (frame.reason) this.#putOut(frame);
        break;
      case "error":
        this.#refused(frame);
        break;
      case "presence":
      case "typing":
        if (this.#rooms.has(frame.room)) this.emit(frame.type, frame);
        break;
      case "signal":
      case "refreshed":
        this.emit(frame.type, frame);
        break;
    }
  }

  /** @param {any} frame */
  #joined(frame) {
    const room = this.#rooms.get(frame.room);
    if (!room) return;  // left while the join was on its way; a leave follows it
    const resumed = room.epoch !== undefined && frame.recovered === true;
    if (!resumed) room.seq = -1;
    room.epoch = frame.epoch;
    room.open = true;
    let inOrder = true;
    for (const { seq } of frame.messages) {
      inOrder &&= seq > room.seq;
      room.seq = Math.max(room.seq, seq);
    }
    room.seq = Math.max(room.seq, frame.last);
    if (!inOrder) this.#outOfOrder(frame.room);
    this.emit("joined", { ...frame, resumed });
    for (const { resolve } of room.asked.splice(0)) resolve(frame);
    this.#becomeLive();
    this.#outbox.flush();
  }

  /** @param {Message} message */
  #message(message) {
    const room = this.#rooms.get(message.room);
    if (!room?.open) return;
    if (message.seq <= room.seq) {
      this.#outOfOrder(message.room);
      return;
    }
    room.seq = message.seq;
    this.emit("message", message);
  }

  /** @param {string} room */
  #outOfOrder(room) {
    this.emit("error", { room, error: new RoomcastError("out_of_order", "the server showed a message out of its order") });
  }

  /** @param {{ room: string, reason: string }} frame */
  #putOut(frame) {
    const room = this.#rooms.get(frame.room);
    if (!room) return;
    if (frame.reason === "retention") {  // too slow for what was removed: the next view has a gap, and says so
      room.open = false;
      this.#outbox.unsend(frame.room);
      this.#sendJoin(frame.room);
      return;
    }
    this.#forget(frame.room, new RoomcastError("room_gone", "the room is gone"));
    this.emit("left", frame);
  }

  /** @param {any} frame */
  #refused(frame) {
    const error = RoomcastError.of(frame);
    const room = this.#rooms.get(frame.room);
    if (frame.id === PROBE_ID) return;
    if (this.#outbox.has(frame.id)) {
      this.#outbox.refused(frame.id, error);
      if (error.code === "not_a_member" && room?.open) {  // the server knows better: in again, and then once more
        room.open = false;
        this.#sendJoin(frame.room);
      }
    } else if (this.#questions.has(frame.id)) {
      this.#answerWith(frame.id, error);
    } else if (room && frame.id === JOIN_ID) {  // the answer to a join
      if (error.retryAfterMs !== undefined) {
        setTimeout(() => !room.open && this.#rooms.get(frame.room) === room && this.#sendJoin(frame.room),
          error.retryAfterMs * (1 + Math.random() / 4));
      } else {
        const asked = room.asked.splice(0);
        this.#forget(frame.room, error);
        for (const { reject } of asked) reject(error);
        this.emit("left", { room: frame.room, reason: error.code, error });
        this.#becomeLive();
      }
    } else {
      this.emit("error", { room: frame.room, id: frame.id, error });
    }
  }

  /** @param {string} slug @param {RoomcastError} error */
  #forget(slug, error) {
    const room = this.#rooms.get(slug);
    if (!room) return false;
    this.#rooms.delete(slug);
    for (const { reject } of room.asked.splice(0)) reject(error);
    this.#outbox.drop(error, slug);
    for (const [id, question] of [...this.#questions]) if (question.frame.room === slug) this.#answerWith(id, new RoomcastError(error.code, error.message));
    this.#becomeLive();
    return true;
  }
}

function disconnected() {
  return new RoomcastError("disconnected", "there is no connection at the moment");
}

/** A random id, as messages and much else want one. */
export function uuid() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  // Pages without TLS have no randomUUID.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
