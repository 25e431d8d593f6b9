// Roomcast's SDK: one user's connection, kept up, its rooms resumed where they were, its messages sent until the server has
// said what became of them. For browsers and Node 18 or newer; knows the protocol and nothing of any page.

import { RoomcastApi } from "./api.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { RoomcastError, closeAdvice, disconnected } from "./errors.js";
import { uuid } from "./ids.js";
import { TokenKeeper, expiryOf } from "./keeper.js";
import { Memberships, partOf } from "./memberships.js";
import { Outbox } from "./outbox.js";
import { Questions } from "./questions.js";

export { RoomcastApi, RoomcastError, closeAdvice, uuid };

const TEXT_BYTES_MOST = 16 * 1024;
const HISTORY_MESSAGES = 50;
const PROBE_ID = "probe";
const REFRESH_ID = "refresh";

/** @typedef {import("./types.js").Options} Options */
/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Joined} Joined */
/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./types.js").Members} Members */
/** @typedef {import("./types.js").Ack} Ack */
/** @typedef {import("./types.js").State} State */

/**
 * Events (`on(type, listener)` or `for await (const event of client.events())`):
 *
 * | type | holds |
 * |---|---|
 * | `state` | `state`, with `reason`, `code` and `retryAt` (ms since 1970) where there are any |
 * | `welcome` | `session`, `user`, `node` |
 * | `joined` | a Joined; with `resumed` the room goes on without a gap, and what was missed follows as `message` |
 * | `message` | a Message, in rising seq within its room; those that `joined` holds are not told again |
 * | `deleted` | `room`, and the `seq` of the message that is to be shown no more |
 * | `presence`, `typing`, `signal`, `room` | the frames |
 * | `left` | `room`, with a `reason` where it was not asked for |
 * | `refreshed` | `expires` |
 * | `error` | a RoomcastError as `error` that answers no call, or a server that breaks the order (`out_of_order`) |
 */
export class RoomcastClient extends Emitter {
  /** @type {Connection} */
  #connection;
  #rooms = new Memberships({
    send: (frame) => this.#connection.send(frame),
    emit: (type, event) => this.emit(type, event),
    closed: (room) => this.#outbox.unsend(room),
    gone: (room, error) => {
      this.#outbox.drop(error, room);
      this.#questions.drop(error, room);
    },
    changed: () => this.#becomeLive(),
  });
  #questions = new Questions((frame) => this.#connection.send(frame));
  #outbox = new Outbox((frame) => this.#connection.send(frame), (room) => this.#rooms.isOpen(room));
  #keeper;
  session = "";
  user = "";

  /** @param {Options} [options] */
  constructor(options = {}) {
    super();
    this.#keeper = new TokenKeeper(options.refresh, (token) => this.refresh(token));
    const { token } = options;
    const watched = token && {
      token: async () => {
        const given = typeof token === "function" ? await token() : token;
        this.#keeper.keep(expiryOf(given));
        return given;
      },
    };
    this.#connection = new Connection({ ...options, ...watched }, {
      received: (frame) => this.#receive(frame),
      lost: () => this.#lost(),
      ended: (reason) => this.#ended(new RoomcastError("closed", reason)),
      changed: () => this.emit("state", { state: this.state, reason: this.reason, code: this.code, retryAt: this.retryAt }),
      // Any question will do, even one that is refused: what counts is that an answer comes.
      question: () => ({ type: "history", room: this.#rooms.any ?? "probe", id: PROBE_ID, limit: 1 }),
    });
  }

  get state() { return this.#connection.state; }

  get reason() { return this.#connection.reason; }

  /** The close code or the error's code that led to this state, where there is one. */
  get code() { return this.#connection.code; }

  get retryAt() { return this.#connection.retryAt; }

  /** Messages that have no answer yet. */
  get unsettled() { return this.#outbox.size; }

  /** Begins; from now on the connection is kept up until `close`, or until the server wants it no more. After the latter, this
   * takes up the rooms where they were. */
  connect() { this.#connection.start(); }

  /** Ends for good; what waits is rejected, and the rooms are forgotten. @param {string} [reason] */
  close(reason = "closed") {
    const error = new RoomcastError("closed", reason);
    this.#ended(error);
    this.#rooms.forgetAll(error);
    this.#connection.stop(reason);
  }

  /** Tries at once, where the next attempt is still some seconds off. */
  retryNow() { this.#connection.retryNow(); }

  /** Finds out soon whether the connection still lives. */
  probe() { this.#connection.probe(); }

  /**
   * Joins a room and stays in it through reconnects. Resolves with the first `joined`.
   * @param {string} room
   * @param {{ last?: number, password?: string }} [options] `last`: how many of the newest messages to get
   * @returns {Promise<Joined>}
   */
  join(room, { last = HISTORY_MESSAGES, password } = {}) { return this.#rooms.join(room, last, password); }

  /** Its password is another now: the one to come back with. @param {string} room @param {string} [password] */
  setPassword(room, password) { this.#rooms.setPassword(room, password); }

  /** Leaves; messages of ours that wait there are rejected. @param {string} room */
  leave(room) {
    if (!this.#rooms.forget(room, new RoomcastError("left", "you left the room"))) return;
    this.#connection.send({ type: "leave", room });
    this.emit("left", { room });
  }

  /**
   * Sends a message. Resolves when it is durable, rejects when it was refused for good; in between it is sent again, under the
   * same id, as often as it takes.
   * @param {string} room @param {string} text @param {{ id?: string }} [options]
   * @returns {Promise<Ack>}
   */
  send(room, text, { id = uuid() } = {}) {
    if (!this.#rooms.has(room)) return Promise.reject(new RoomcastError("not_a_member", "join the room first"));
    if (new TextEncoder().encode(text).length > TEXT_BYTES_MOST)
      return Promise.reject(new RoomcastError("text_too_long", "the text is longer than a message may be"));
    return this.#outbox.add(id, room, text);
  }

  /** @param {string} room @param {boolean} typing */
  typing(room, typing = true) {
    if (this.#rooms.isOpen(room)) this.#connection.send({ type: "typing", room, typing });
  }

  /** @param {string} room @returns {Promise<Members>} */
  members(room) { return this.#ask({ type: "members", room }); }

  /**
   * A page of the log; the newest without a direction.
   * @param {string} room
   * @param {{ before?: number, after?: number, from_time?: string, limit?: number }} [where]
   * @returns {Promise<Page>}
   */
  async history(room, where = {}) { return partOf(await this.#ask({ type: "history", room, limit: HISTORY_MESSAGES, ...where })); }

  /** Passes data to one session in a room. It may be lost without a word. An `error` event tells of a session that is not there.
   * @param {string} room @param {string} to @param {unknown} data @param {string} [id] */
  signal(room, to, data, id) { return this.#connection.send({ type: "signal", room, to, data, ...(id ? { id } : {}) }); }

  /** Puts a fresh token in the place of the session's. @param {string} token */
  refresh(token) { this.#connection.send({ type: "refresh", id: REFRESH_ID, token }); }

  /** When the token runs out, where only the page knows: that of a cookie, that behind a ticket.
   * @param {string | Date | number} expires */
  expires(expires) { this.#keeper.keep(expires); }

  /** @param {any} frame */
  #ask(frame) {
    return this.#rooms.has(frame.room) ? this.#questions.ask(frame)
      : Promise.reject(new RoomcastError("not_a_member", "join the room first"));
  }

  #lost() {
    this.#rooms.closeAll();
    this.#outbox.unsend();
    this.#questions.drop(disconnected());
  }

  /** @param {RoomcastError} error */
  #ended(error) {
    this.#lost();
    this.#keeper.stop();
    this.#outbox.drop(error);
  }

  /** Live is who has been let into every room that it wants. */
  #becomeLive() {
    if (this.#connection.welcomed && this.state !== "live" && this.#rooms.allOpen) this.#connection.become("live");
  }

  /** @param {any} frame */
  #receive(frame) {
    switch (frame.type) {
      case "welcome":
        this.session = frame.session;
        this.user = frame.user;
        this.emit("welcome", frame);
        if (this.state !== "connecting") this.#connection.become("recovering", this.reason);
        this.#rooms.joinAll();
        this.#becomeLive();
        break;
      case "joined":
        this.#rooms.joined(frame);
        this.#outbox.flush();
        break;
      case "message":
        this.#rooms.message(frame);
        break;
      case "ack":
        this.#outbox.acked(frame);
        break;
      case "history":
      case "members":
        this.#questions.answered(frame.id, frame);
        break;
      case "left":
        if (frame.reason) this.#rooms.putOut(frame);
        break;
      case "error":
        this.#refused(frame);
        break;
      case "presence":
      case "typing":
      case "room":
        if (this.#rooms.has(frame.room)) this.emit(frame.type, frame);
        break;
      case "refreshed":
        this.#keeper.keep(frame.expires);
        this.emit("refreshed", frame);
        break;
      case "signal":
        this.emit("signal", frame);
        break;
    }
  }

  /** @param {any} frame */
  #refused(frame) {
    const error = RoomcastError.of(frame);
    if (frame.id === PROBE_ID) return;
    if (this.#outbox.has(frame.id)) {
      this.#outbox.refused(frame.id, error);
      // The server knows better: in again, and then once more.
      if (error.code === "not_a_member" && this.#rooms.isOpen(frame.room)) this.#rooms.rejoin(frame.room);
    } else if (this.#questions.has(frame.id)) {
      this.#questions.refused(frame.id, error);
    } else if (!this.#rooms.refused(frame, error)) {
      this.emit("error", { room: frame.room, id: frame.id, error });
    }
  }
}
