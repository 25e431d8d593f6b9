// Messages on their way: kept, in the order of sending, until the server has said what became of each.

import { RoomcastError } from "./errors.js";

const IN_FLIGHT_MOST = 256;  // the server takes 1,024 without an answer, then says `busy`

/**
 * @typedef {object} Waiting
 * @property {string} id
 * @property {string} room
 * @property {string} text
 * @property {boolean} sent   on this connection, and not answered yet
 * @property {(ack: { id: string, room: string, seq: number }) => void} resolve
 * @property {(error: RoomcastError) => void} reject
 */

export class Outbox {
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} rooms that were told to wait */
  #held = new Map();
  #inFlight = 0;
  #send;
  #isOpen;

  /**
   * @param {(frame: object) => boolean} send   whether it left
   * @param {(room: string) => boolean} isOpen  whether the server has us in that room
   */
  constructor(send, isOpen) {
    this.#send = send;
    this.#isOpen = isOpen;
  }

  get size() {
    return this.#waiting.size;
  }

  /** @param {string} id */
  has(id) {
    return this.#waiting.has(id);
  }

  /** @param {string} room */
  hasAny(room) {
    for (const message of this.#waiting.values()) if (message.room === room) return true;
    return false;
  }

  /**
   * @param {string} id @param {string} room @param {string} text
   * @returns {Promise<{ id: string, room: string, seq: number }>}
   */
  add(id, room, text) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { id, room, text, sent: false, resolve, reject });
      this.flush();
    });
  }

  /** Sends what may be sent, oldest first. */
  flush() {
    for (const message of this.#waiting.values()) {
      if (this.#inFlight >= IN_FLIGHT_MOST) return;
      if (message.sent || this.#held.has(message.room) || !this.#isOpen(message.room)) continue;
      if (!this.#send({ type: "message", room: message.room, id: message.id, text: message.text })) return;
      message.sent = true;
      this.#inFlight++;
    }
  }

  /** The connection ended, or one room is joined anew: what has no answer goes out again. @param {string} [room] */
  unsend(room) {
    for (const message of this.#waiting.values()) {
      if (!message.sent || (room !== undefined && message.room !== room)) continue;
      message.sent = false;
      this.#inFlight--;
    }
  }

  /** @param {{ id: string, room: string, seq: number }} ack */
  acked(ack) {
    this.#take(ack.id)?.resolve({ id: ack.id, room: ack.room, seq: ack.seq });
    this.flush();
  }

  /** A message was refused: for good, or to be sent again, and then what follows it in its room waits behind it.
   * @param {string} id @param {RoomcastError} error */
  refused(id, error) {
    const message = this.#waiting.get(id);
    if (!message) return;
    if (error.retryAfterMs === undefined && error.code !== "not_a_member") {
      this.#take(id)?.reject(error);
      this.flush();
      return;
    }
    if (message.sent) this.#inFlight--;
    message.sent = false;
    if (error.retryAfterMs !== undefined) this.#hold(message.room, error.retryAfterMs);
  }

  /** @param {RoomcastError} error @param {string} [room] all rooms without one */
  drop(error, room) {
    for (const message of [...this.#waiting.values()]) {
      if (room === undefined || message.room === room) this.#take(message.id)?.reject(error);
    }
    for (const [held, timer] of this.#held) {
      if (room !== undefined && held !== room) continue;
      clearTimeout(timer);
      this.#held.delete(held);
    }
  }

  /** @param {string} id */
  #take(id) {
    const message = this.#waiting.get(id);
    if (!message) return undefined;
    this.#waiting.delete(id);
    if (message.sent) this.#inFlight--;
    return message;
  }

  /** @param {string} room @param {number} ms */
  #hold(room, ms) {
    if (this.#held.has(room)) return;
    this.#held.set(room, setTimeout(() => {
      this.#held.delete(room);
      this.flush();
    }, ms * (1 + Math.random() / 4)));
  }
}
