// Sees to it that the session's token is replaced some time before it runs out.

const AHEAD = 0.2;              // of what is left, so that there is time to try again
const AHEAD_MOST_MS = 10 * 60_000;
const AGAIN_LEAST_MS = 1_000;
const TIMER_MOST_MS = 2 ** 31 - 1;

export class TokenKeeper {
  #fetch;
  #use;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** When the token in use runs out, in ms since 1970. @type {number | undefined} */
  expires;

  /**
   * @param {(() => import("./types.js").Token | Promise<import("./types.js").Token>) | undefined} fetch
   * @param {(token: string) => void} use   puts it in the place of the session's
   */
  constructor(fetch, use) {
    this.#fetch = fetch;
    this.#use = use;
  }

  /** @param {string | Date | number | undefined} expires */
  keep(expires) {
    clearTimeout(this.#timer);
    const at = expires === undefined ? NaN : new Date(expires).getTime();
    this.expires = Number.isNaN(at) ? undefined : at;
    if (!this.#fetch || this.expires === undefined) return;
    const left = this.expires - Date.now();
    this.#wait(left - Math.min(left * AHEAD, AHEAD_MOST_MS));
  }

  stop() {
    clearTimeout(this.#timer);
    this.expires = undefined;
  }

  /** @param {number} ms */
  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (ms > TIMER_MOST_MS ? this.#wait(ms - TIMER_MOST_MS) : this.#renew()), Math.min(Math.max(ms, 0), TIMER_MOST_MS));
  }

  async #renew() {
    const was = this.expires;
    try {
      const { token, expires } = (await this.#fetch?.()) ?? {};
      if (this.expires !== was) return;  // stopped, or another token came, meanwhile
      if (token) this.#use(token);
      this.keep(expires ?? (token && expiryOf(token)));
    } catch {
      // Again after half of what is left. If it never works the server closes with 4001, and the next attempt renews.
      if (this.expires === was && was !== undefined) this.#wait(Math.max(AGAIN_LEAST_MS, (was - Date.now()) / 2));
    }
  }
}

/** When a JWT runs out, in ms since 1970; undefined where it does not say. @param {string} token */
export function expiryOf(token) {
  try {
    const { exp } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
