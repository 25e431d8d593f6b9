// How fast, and how long still: over the last seconds, so that the numbers are calm but not old.

const WINDOW_MS = 4_000;

export class Meter {
  #samples = [];

  /** @param {number} done bytes so far */
  at(done) {
    const now = performance.now();
    const last = this.#samples.at(-1);
    if (last && now - last.now < 100) last.done = done;
    else this.#samples.push({ now, done });
    while (this.#samples.length > 2 && now - this.#samples[0].now > WINDOW_MS) this.#samples.shift();
  }

  reset() {
    this.#samples = [];
  }

  /** Bytes a second. */
  get speed() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    return last && last.now > first.now ? ((last.done - first.done) * 1000) / (last.now - first.now) : 0;
  }
}
