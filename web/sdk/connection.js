// One WebSocket at a time, kept up from `start` to `stop`: opened, watched, and opened again after what its end advises.

import { RoomcastError, closeAdvice } from "./errors.js";

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 10_000;
const AT_ONCE_MS = 250;           // and a random part, lest all come back in the same moment
const RESTART_SPREAD_MS = 1_000;
const CONNECT_DEADLINE_MS = 10_000;
const PROBE_DEADLINE_MS = 5_000;
const WATCH_MS = 1_000;

/**
 * @typedef {object} Owner  is told
 * @property {(frame: any) => void} received
 * @property {() => void} lost      the connection is gone; another follows
 * @property {(reason: string) => void} ended   no other follows, by the server's word
 * @property {() => void} changed   the state is another
 * @property {() => object} question  a frame that the server answers, whatever it says
 */

export class Connection {
  #options;
  #owner;
  /** @type {any} */
  #socket = null;
  /** @type {import("./types.js").State} */
  state = "closed";
  reason = "not connected yet";
  /** The close code, or the code of the refusal, that led to this state. @type {number | string | undefined} */
  code;
  /** @type {number | undefined} */
  retryAt;
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

  /** @param {import("./types.js").Options} options @param {Owner} owner */
  constructor(options, owner) {
    this.#options = options;
    this.#owner = owner;
  }

  get welcomed() {
    return this.#welcomed;
  }

  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#retryMs = FIRST_RETRY_MS;
    this.#failures = 0;
    this.become("connecting");
    const network = this.#options.network ?? (typeof window === "undefined" ? undefined : window);
    const online = () => (this.#welcomed ? this.probe() : this.#openIn(0));
    const offline = () => this.probe();
    network?.addEventListener("online", online);
    network?.addEventListener("offline", offline);
    this.#unlisten = () => {
      network?.removeEventListener("online", online);
      network?.removeEventListener("offline", offline);
    };
    this.#open();
  }

  /** @param {string} reason @param {number | string} [code] */
  stop(reason, code) {
    this.#wanted = false;
    this.#attempt++;
    this.#unlisten?.();
    clearTimeout(this.#retryTimer);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    this.retryAt = undefined;
    socket?.close(1000);
    this.code = code;
    this.become("closed", reason);
  }

  retryNow() {
    if (this.#wanted && !this.#socket) this.#openIn(0);
  }

  /** @param {object} frame @returns {boolean} whether it left */
  send(frame) {
    if (!this.#welcomed || this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Finds out soon whether the connection still lives. */
  probe() {
    if (!this.#welcomed || this.#probedAt) return;
    this.#probedAt = Date.now();
    this.send(this.#owner.question());
  }

  /** @param {import("./types.js").State} state @param {string} [reason] */
  become(state, reason = "") {
    this.state = state;
    this.reason = reason;
    this.#owner.changed();
  }

  async #open() {
    const attempt = ++this.#attempt;
    clearTimeout(this.#retryTimer);
    this.retryAt = undefined;
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
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(error);
      return;
    }
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onmessage = (/** @type {{ data: any }} */ { data }) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(data)));
    };
    socket.onclose = (/** @type {{ code: number, reason?: string }} */ { code, reason }) => {
      if (socket === this.#socket) this.#lost(code, reason);
    };
    socket.onerror = () => {};  // a close follows, and tells all that is to be known
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#watchOver(), WATCH_MS);
  }

  /** No token, ticket or socket could be had. @param {unknown} error */
  #failed(error) {
    if (error instanceof RoomcastError && error.final) this.#end(error.message, error.code);
    else this.#lost(1006, "", error instanceof RoomcastError ? error.retryAfterMs : undefined);
  }

  /** @param {string} reason @param {number | string} code */
  #end(reason, code) {
    this.stop(reason, code);
    this.#owner.ended(reason);
  }

  /** @param {any} frame */
  #receive(frame) {
    this.#heardAt = Date.now();
    this.#probedAt = 0;
    if (frame.type === "welcome") {
      this.#welcomed = true;
      this.#retryMs = FIRST_RETRY_MS;
      this.#failures = 0;
      this.code = undefined;
      this.#heartbeatMs = frame.heartbeat_s * 1000;
    }
    this.#owner.received(frame);
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

  /** @param {number} code @param {string} [said] @param {number} [retryAfterMs] */
  #lost(code, said, retryAfterMs = 0) {
    clearInterval(this.#watch);
    this.#socket = null;
    const wasLive = this.#welcomed;
    this.#welcomed = false;
    this.#probedAt = 0;
    if (!this.#wanted) return;
    const { advice, reason } = closeAdvice(code, said);
    this.code = code;
    if (advice === "never") {
      this.#end(reason, code);
      return;
    }
    this.#owner.lost();
    let waitMs;
    if (wasLive && advice !== "pause") {
      waitMs = code === 1012 ? Math.random() * RESTART_SPREAD_MS : Math.random() * AT_ONCE_MS;
    } else {
      waitMs = this.#retryMs * (0.5 + Math.random());
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    }
    if (wasLive) this.#failures = 0;
    else this.#failures++;
    this.#openIn(Math.max(waitMs, retryAfterMs), advice === "new token" || this.#failures > 0);
    this.become(wasLive ? "recovering" : "offline", reason);
  }

  /** @param {number} ms @param {boolean} [renew] */
  #openIn(ms, renew = false) {
    if (!this.#wanted || this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.retryAt = Date.now() + ms;
    const attempt = ++this.#attempt;
    this.#retryTimer = setTimeout(async () => {
      try {
        // A browser does not tell why an upgrade was refused; a token that ran out is one reason.
        if (renew) await this.#options.renew?.();
      } catch (error) {
        if (attempt === this.#attempt && error instanceof RoomcastError && error.final) {
          this.#end(error.message, error.code);
          return;
        }
      }
      if (this.#wanted && !this.#socket && attempt === this.#attempt) this.#open();
    }, ms);
  }
}
