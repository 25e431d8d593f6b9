// Questions to the server and whom their answers go to. One that was refused for now is asked again some times.

import { RoomcastError, disconnected } from "./errors.js";
import { uuid } from "./ids.js";

const ASK_AGAIN_MOST = 5;

export class Questions {
  /** @type {Map<string, { frame: any, tries: number, resolve: (answer: any) => void, reject: (error: RoomcastError) => void }>} */
  #waiting = new Map();
  #send;

  /** @param {(frame: object) => boolean} send whether it left */
  constructor(send) {
    this.#send = send;
  }

  /** @param {any} frame @returns {Promise<any>} */
  ask(frame) {
    return new Promise((resolve, reject) => {
      const id = uuid();
      const asked = { ...frame, id };
      this.#waiting.set(id, { frame: asked, tries: 0, resolve, reject });
      if (!this.#send(asked)) this.refused(id, disconnected());
    });
  }

  /** @param {string} id */
  has(id) {
    return this.#waiting.has(id);
  }

  /** @param {string} id @param {any} answer */
  answered(id, answer) {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  /** @param {string} id @param {RoomcastError} error */
  refused(id, error) {
    const question = this.#waiting.get(id);
    if (!question) return;
    if (error.retryAfterMs !== undefined && question.tries++ < ASK_AGAIN_MOST) {
      setTimeout(() => {
        if (this.#waiting.get(id) === question && !this.#send(question.frame)) this.refused(id, disconnected());
      }, error.retryAfterMs);
      return;
    }
    this.#waiting.delete(id);
    question.reject(error);
  }

  /** @param {RoomcastError} error @param {string} [room] all rooms without one */
  drop(error, room) {
    for (const [id, { frame, reject }] of [...this.#waiting]) {
      if (room !== undefined && frame.room !== room) continue;
      this.#waiting.delete(id);
      reject(error);
    }
  }
}
