// Events, as callbacks and as an async iterator.

const UNREAD_MOST = 10_000;  // events that an iterator keeps for a reader that does not come

export class Emitter {
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {string} type an event's type, or "*" for all
   * @param {(event: any) => void} listener
   * @returns {() => void} ends it
   */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** @param {string} type @param {object} [event] */
  emit(type, event = {}) {
    const told = { ...event, event: type };
    for (const name of [type, "*"]) {
      for (const listener of [...(this.#listeners.get(name) ?? [])]) {
        try {
          listener(told);
        } catch (error) {  // a listener's mistake must not end the others' news
          queueMicrotask(() => { throw error; });
        }
      }
    }
  }

  /**
   * Events from now on. A reader that falls more than 10,000 events behind gets an exception, never a gap.
   * @param {...string} types all without one
   * @returns {AsyncGenerator<any, void, void>}
   */
  async *events(...types) {
    /** @type {any[]} */
    const unread = [];
    /** @type {() => void} */
    let wake = () => {};
    const off = this.on("*", (event) => {
      if (types.length > 0 && !types.includes(event.event)) return;
      unread.push(event);
      wake();
    });
    try {
      for (;;) {
        if (unread.length > UNREAD_MOST) throw new Error("the reader of the events fell behind");
        while (unread.length > 0) yield unread.shift();
        await /** @type {Promise<void>} */ (new Promise((resolve) => { wake = resolve; }));
      }
    } finally {
      off();
    }
  }
}
