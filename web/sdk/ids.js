/** A random id, as messages and much else want one. */
export function uuid() {
  const source = globalThis.crypto;
  if (typeof source?.randomUUID === "function") return source.randomUUID();
  // Pages without TLS have no randomUUID, Node 18 no crypto: an id must be one of its kind, it need not be a secret.
  const bytes = source ? source.getRandomValues(new Uint8Array(16)) : Uint8Array.from({ length: 16 }, () => Math.random() * 256);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
