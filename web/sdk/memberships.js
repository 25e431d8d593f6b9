// The rooms that one is in, or wants to be in: joined, resumed where they were after each reconnect, in the order of seq.

import { RoomcastError } from "./errors.js";

const JOIN_ID = "join";

/** @typedef {import("./types.js").Joined} Joined */
/** @typedef {{ last: number, password?: string, epoch?: string, seq: number, open: boolean,
 *   asked: Array<{ resolve: (joined: Joined) => void, reject: (error: RoomcastError) => void }> }} Room */
/**
 * @typedef {object} Owner
 * @property {(frame: object) => boolean} send
 * @property {(type: string, event: object) => void} emit
 * @property {(room: string, error: RoomcastError) => void} gone   what waits for that room waits in vain
 * @property {(room: string) => void} closed   joined anew: what has no answer there goes out again after it
 * @property {() => void} changed
 */

export class Memberships {
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  #owner;

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = owner;
  }

  /** @param {string} room */
  has(room) {
    return this.#rooms.has(room);
  }

  /** @param {string} room */
  isOpen(room) {
    return this.#rooms.get(room)?.open === true;
  }

  get allOpen() {
    for (const room of this.#rooms.values()) if (!room.open) return false;
    return true;
  }

  /** One of them, whichever. */
  get any() {
    return this.#rooms.keys().next().value;
  }

  /** @param {string} slug @param {number} last @param {string} [password] @returns {Promise<Joined>} */
  join(slug, last, password) {
    return new Promise((resolve, reject) => {
      const known = this.#rooms.get(slug);
      this.#rooms.set(slug, { last, password: password ?? known?.password, seq: -1, open: false,
        asked: [...(known?.asked ?? []), { resolve, reject }] });
      this.#owner.closed(slug);
      this.#sendJoin(slug);
    });
  }

  /** Another password is the right one now. @param {string} slug @param {string} [password] */
  setPassword(slug, password) {
    const room = this.#rooms.get(slug);
    if (room) room.password = password;
  }

  /** @param {string} slug @param {RoomcastError} error @returns {boolean} whether it was there */
  forget(slug, error) {
    const room = this.#rooms.get(slug);
    if (!room) return false;
    this.#rooms.delete(slug);
    for (const { reject } of room.asked.splice(0)) reject(error);
    this.#owner.gone(slug, error);
    this.#owner.changed();
    return true;
  }

  /** @param {RoomcastError} error */
  forgetAll(error) {
    for (const room of this.#rooms.values()) for (const { reject } of room.asked.splice(0)) reject(error);
    this.#rooms.clear();
  }

  /** The connection is gone. */
  closeAll() {
    for (const room of this.#rooms.values()) room.open = false;
  }

  joinAll() {
    for (const slug of this.#rooms.keys()) this.#sendJoin(slug);
  }

  /** @param {string} slug */
  rejoin(slug) {
    const room = this.#rooms.get(slug);
    if (!room) return;
    room.open = false;
    this.#owner.closed(slug);
    this.#sendJoin(slug);
  }

  /** @param {string} slug */
  #sendJoin(slug) {
    const room = this.#rooms.get(slug);
    if (!room) return;
    this.#owner.send({ type: "join", room: slug, id: JOIN_ID, last: room.last,
      ...(room.password !== undefined ? { password: room.password } : {}),
      ...(room.epoch ? { epoch: room.epoch, since: room.seq } : {}) });
  }

  /** @param {any} frame */
  joined(frame) {
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
    const told = { ...partOf(frame), resumed };
    // What was missed follows what was told: as events like the rest, so that who listens for messages misses none.
    this.#owner.emit("joined", resumed ? { ...told, messages: [], deleted: [] } : told);
    if (resumed) for (const message of frame.messages) this.#tell(message);
    for (const { resolve } of room.asked.splice(0)) resolve(told);
    this.#owner.changed();
  }

  /** @param {any} frame */
  message(frame) {
    const room = this.#rooms.get(frame.room);
    if (!room?.open) return;
    if (frame.seq <= room.seq) {
      this.#outOfOrder(frame.room);
      return;
    }
    room.seq = frame.seq;
    this.#tell(frame);
  }

  /** @param {any} frame an entry of the log */
  #tell(frame) {
    if (frame.deletes === undefined) this.#owner.emit("message", frame);
    else this.#owner.emit("deleted", { room: frame.room, seq: frame.deletes, user: frame.user, at: frame.seq });
  }

  /** @param {string} room */
  #outOfOrder(room) {
    this.#owner.emit("error", { room, error: new RoomcastError("out_of_order", "the server showed a message out of its order") });
  }

  /** The server put us out. @param {{ room: string, reason: string }} frame */
  putOut(frame) {
    if (!this.#rooms.has(frame.room)) return;
    if (frame.reason === "retention") {  // too slow for what was removed: the next view has a gap, and says so
      this.rejoin(frame.room);
      return;
    }
    this.forget(frame.room, new RoomcastError(frame.reason, "you were put out of the room"));
    this.#owner.emit("left", frame);
  }

  /** Whether an `error` frame was the answer to a join. @param {any} frame @param {RoomcastError} error */
  refused(frame, error) {
    const room = this.#rooms.get(frame.room);
    if (!room || frame.id !== JOIN_ID) return false;
    // A guess at a password that came too early is for the caller to repeat; who was in already just waits.
    if (error.retryAfterMs !== undefined && (error.code !== "rate_limited" || room.epoch)) {
      setTimeout(() => !room.open && this.#rooms.get(frame.room) === room && this.#sendJoin(frame.room),
        error.retryAfterMs * (1 + Math.random() / 4));
      return true;
    }
    this.forget(frame.room, error);
    this.#owner.emit("left", { room: frame.room, reason: error.code, error });
    return true;
  }
}

/** A frame with messages as they are to be shown: entries of the log that delete others are taken out, and told by themselves.
 * @template {{ messages: any[] }} T @param {T} frame @returns {T & { deleted: number[], from?: number, to?: number }} */
export function partOf(frame) {
  const deletions = frame.messages.filter(({ deletes }) => deletes !== undefined);
  const deleted = deletions.map(({ deletes }) => deletes);
  const messages = deletions.length === 0 ? frame.messages
    : frame.messages.filter(({ seq, deletes }) => deletes === undefined && !deleted.includes(seq));
  return { ...frame, messages, deleted, from: frame.messages[0]?.seq, to: frame.messages.at(-1)?.seq };
}
