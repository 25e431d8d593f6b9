// What the server refuses, and what its close codes advise (docs/protocol.md).

/** A refusal by the server, or by the SDK itself where the server could only have refused. */
export class RoomcastError extends Error {
  /**
   * @param {string} code      one of the protocol's codes, or `disconnected`, `closed`, `left`, `unreachable`
   * @param {string} message   in words for people
   * @param {{ retryAfterMs?: number, status?: number }} [more]  `retryAfterMs`: where waiting helps; `status`: of an HTTP answer
   */
  constructor(code, message, { retryAfterMs, status } = {}) {
    super(message);
    this.name = "RoomcastError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }

  /** Whether asking again can only give the same answer: what an HTTP answer says of the request itself. */
  get final() {
    return this.status !== undefined && this.status >= 400 && this.status < 500 && this.retryAfterMs === undefined;
  }

  /** @param {any} frame an `error` frame, or the `error` of an HTTP answer @param {number} [status] */
  static of(frame, status) {
    return new RoomcastError(frame?.code ?? "internal", frame?.message ?? "the server did not say why",
      { retryAfterMs: frame?.retry_after_ms, status });
  }
}

/**
 * `at once`, after a `pause` that grows, with a `new token`, or `never` by itself.
 * @typedef {"at once" | "pause" | "new token" | "never"} Advice
 */

/** @type {Record<number, { advice: Advice, reason: string }>} */
const CLOSE_CODES = {
  1001: { advice: "at once", reason: "the server heard nothing from here" },
  1002: { advice: "never", reason: "this client broke the protocol" },
  1003: { advice: "never", reason: "this client sent what is not text" },
  1007: { advice: "never", reason: "this client sent text that is not UTF-8" },
  1008: { advice: "never", reason: "the server does not want this connection" },
  1009: { advice: "never", reason: "this client sent a message that is too big" },
  1011: { advice: "pause", reason: "the server made a mistake" },
  1012: { advice: "at once", reason: "the server is restarting" },
  1013: { advice: "pause", reason: "the server is too busy" },
  4001: { advice: "new token", reason: "the token ran out" },
  4002: { advice: "never", reason: "you were removed" },
  4008: { advice: "at once", reason: "this client was too slow" },
};

/** @param {number} code of a WebSocket's end @param {string} [said] the reason that came with it, which tells more of a removal */
export function closeAdvice(code, said = "") {
  const known = CLOSE_CODES[code] ?? { advice: /** @type {Advice} */ ("pause"), reason: "the connection broke" };
  return code === 4002 && said ? { ...known, reason: said } : known;
}

export function disconnected() {
  return new RoomcastError("disconnected", "there is no connection at the moment");
}
