// What the server refuses, and what its close codes advise (docs/protocol.md).

/** A refusal by the server, or by the SDK itself where the server could only have refused. */
export class RoomcastError extends Error {
  /**
   * @param {string} code      one of the protocol's codes, or `disconnected`, `closed`, `left`
   * @param {string} message   in words for people
   * @param {number} [retryAfterMs]  where waiting helps
   */
  constructor(code, message, retryAfterMs) {
    super(message);
    this.name = "RoomcastError";
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** @param {any} frame an `error` frame, or the `error` of an HTTP answer */
  static of(frame) {
    return new RoomcastError(frame?.code ?? "internal", frame?.message ?? "the server did not say why", frame?.retry_after_ms);
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

/** @param {number} code of a WebSocket's end */
export function closeAdvice(code) {
  return CLOSE_CODES[code] ?? { advice: /** @type {Advice} */ ("pause"), reason: "the connection broke" };
}
